// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Words of iptables-save, put together one by one.
struct SaveWords: CustomStringConvertible, ExpressibleByStringLiteral {
    private(set) var description: String

    init(stringLiteral name: String) { description = name }

    /// Appends an option, with `!` before it or not, and its value if it has one.
    mutating func add(_ option: String, _ value: String? = nil, isInverted: Bool = false) {
        if isInverted { description += " !" }
        description += " \(option)"
        if let value { description += " \(value)" }
    }

    /// Appends an option with a decimal number.
    mutating func add(_ option: String, _ value: some FixedWidthInteger, isInverted: Bool = false) {
        add(option, "\(value)", isInverted: isInverted)
    }

    /// Appends an option with a range, or with the one number in it.
    mutating func add(
        _ option: String, _ range: ClosedRange<some FixedWidthInteger>, separator: String = ":",
        isInverted: Bool = false
    ) {
        add(option, Self.range(range, separator: separator), isInverted: isInverted)
    }

    /// A range, or the one number in it.
    static func range(_ range: ClosedRange<some FixedWidthInteger>, separator: String) -> String {
        range.lowerBound == range.upperBound
            ? "\(range.lowerBound)" : "\(range.lowerBound)\(separator)\(range.upperBound)"
    }

    /// A mark, and its mask unless that is full (`xtables_print_mark_mask`).
    static func mark(_ mark: UInt32, mask: UInt32) -> String {
        mask == .max ? hexadecimal(mark) : "\(hexadecimal(mark))/\(hexadecimal(mask))"
    }

    /// A hexadecimal number with `0x` before it and at least so many digits.
    static func hexadecimal(_ number: some FixedWidthInteger, digits: Int = 1) -> String {
        "0x\(hexadecimalDigits(number, digits))"
    }

    /// The digits of a hexadecimal number, at least so many.
    static func hexadecimalDigits(_ number: some FixedWidthInteger, _ digits: Int) -> String {
        padded(String(number, radix: 16), digits)
    }

    /// Text with so many zeros before it that it is as long as asked for.
    static func padded(_ text: String, _ length: Int) -> String {
        String(repeating: "0", count: max(length - text.utf8.count, 0)) + text
    }

    /// An address, and its mask unless that is full (`xtables_ipmask_to_numeric`).
    static func address(_ address: AddressBits, mask: AddressBits, family: IPFamily) -> String {
        let length = mask.prefixLength(family)
        if length == family.addressBits { return address.text(family) }
        return "\(address.text(family))/\(length.map { "\($0)" } ?? mask.text(family))"
    }
}

/// Names of bits, in the order in which iptables-save prints them.
struct BitNames<Bits: FixedWidthInteger & Sendable>: Sendable {
    private let names: [(bit: Bits, name: String)]

    init(_ names: [(bit: Bits, name: String)]) { self.names = names }

    /// The names of the bits that are set, separated by commas; `nil` if there are none, or a bit without a name.
    func text(_ bits: Bits) -> String? {
        let named = names.reduce(0) { $0 | $1.bit }
        guard bits != 0, bits & ~named == 0 else { return nil }
        return names.filter { bits & $0.bit != 0 }.map(\.name).joined(separator: ",")
    }
}

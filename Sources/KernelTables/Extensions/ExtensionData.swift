// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A number in a struct of the kernel: the one place that says where it stands.
struct Member<Number: FixedWidthInteger & BitwiseCopyable & Sendable>: Sendable {
    /// The offset in the data of the extension.
    let offset: Int

    init(at offset: Int) { self.offset = offset }

    /// The bytes of the number.
    var range: Range<Int> { offset..<(offset + MemoryLayout<Number>.size) }
}

/// Bytes in a struct of the kernel: a name, an address, an array.
struct MemberBytes: Sendable {
    let range: Range<Int>

    init(at offset: Int, length: Int) { range = offset..<(offset + length) }

    /// An address (`union nf_inet_addr`), of which IPv4 uses the first four bytes.
    func address(_ family: IPFamily) -> Range<Int> {
        range.lowerBound..<(range.lowerBound + family.addressBits / 8)
    }
}

/// Two numbers that stand for all between them: ports, mostly.
struct MemberRange: Sendable {
    let low: Member<UInt16>
    let high: Member<UInt16>

    init(at offset: Int) {
        low = Member(at: offset)
        high = Member(at: offset + 2)
    }

    /// The bytes of both.
    var range: Range<Int> { low.offset..<high.range.upperBound }
}

/// The data of one match or target of an entry; as long as its ``ExtensionSignature`` has it.
struct ExtensionData {
    let bytes: UnsafeRawBufferPointer
    let family: IPFamily

    /// A number in the byte order of this machine.
    ///
    /// - Precondition: the data is as long as the extension's signature says.
    subscript<Number>(member: Member<Number>) -> Number {
        precondition(member.range.upperBound <= bytes.count, "data of another extension")
        return bytes.loadUnaligned(fromByteOffset: member.offset, as: Number.self)
    }

    /// All numbers between two; `nil` if the first one is the greater.
    subscript(member: MemberRange) -> ClosedRange<UInt16>? {
        let (low, high) = (self[member.low], self[member.high])
        return low <= high ? low...high : nil
    }

    /// Bytes as they are.
    subscript(member: MemberBytes) -> UnsafeRawBufferPointer {
        precondition(member.range.upperBound <= bytes.count, "data of another extension")
        return UnsafeRawBufferPointer(rebasing: bytes[member.range])
    }

    /// The text that ends with a NUL; `nil` without a NUL or when it is not UTF-8.
    func text(_ member: MemberBytes) -> String? {
        bytes.text(at: member.range.lowerBound, limit: member.range.count)
    }

    /// An address; `nil` for an IPv6 address that maps an IPv4 one.
    func address(_ member: MemberBytes) -> IPAddress? {
        bytes.address(at: member.range.lowerBound, family: family)
    }

    /// An address or a mask, whatever it is.
    func addressBits(_ member: MemberBytes) -> AddressBits {
        precondition(member.address(family).upperBound <= bytes.count, "data of another extension")
        return bytes.addressBits(at: member.range.lowerBound, family: family)
    }

    /// Two addresses and all between them; `nil` if our language does not have them, or the first is the greater.
    func addresses(_ first: MemberBytes, _ last: MemberBytes) -> ClosedRange<IPAddress>? {
        guard let first = address(first), let last = address(last), first <= last else { return nil }
        return first...last
    }

    /// Whether an integer is 1; `nil` if it is neither 0 nor 1.
    func flag<Number>(_ member: Member<Number>) -> Bool? {
        switch self[member] {
        case 0: false
        case 1: true
        default: nil
        }
    }

    /// The name of an interface, with its `+` if it is a wildcard; `nil` if the mask is not as iptables makes it.
    func interface(_ name: MemberBytes, mask: MemberBytes) -> String? {
        guard let text = text(name), !text.isEmpty else { return nil }
        let length = text.utf8.count
        let significant = text.hasSuffix("+") ? length - 1 : length + 1
        let mask = self[mask]
        let isRegular =
            mask.prefix(significant).allSatisfy { $0 == 0xff } && mask.dropFirst(significant).allSatisfy { $0 == 0 }
        return isRegular ? text : nil
    }
}

extension UnsafeRawBufferPointer {
    /// The number at an offset, or `nil` when it is not inside.
    func number<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type, at offset: Int) -> Number? {
        guard offset >= 0, offset + MemoryLayout<Number>.size <= count else { return nil }
        return loadUnaligned(fromByteOffset: offset, as: type)
    }

    /// The text that ends with a NUL, from an offset on, at most `limit` bytes; `nil` without a NUL or without UTF-8.
    func text(at offset: Int, limit: Int) -> String? {
        guard offset >= 0, offset + limit <= count else { return nil }
        let room = self[offset..<(offset + limit)]
        guard let end = room.firstIndex(of: 0) else { return nil }
        return String(validating: room[..<end], as: UTF8.self)
    }

    /// The address or mask at an offset, whatever it is; it must lie inside.
    func addressBits(at offset: Int, family: IPFamily) -> AddressBits {
        switch family {
        case .ipv4:
            let bits = UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            return AddressBits(high: 0, low: UInt64(bits))
        case .ipv6:
            return AddressBits(
                high: UInt64(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self)),
                low: UInt64(bigEndian: loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)))
        }
    }

    /// The address at an offset; `nil` for an IPv6 address that maps an IPv4 one, which our language does not have.
    func address(at offset: Int, family: IPFamily) -> IPAddress? {
        switch family {
        case .ipv4:
            return number(UInt32.self, at: offset).map { IPAddress(ipv4: UInt32(bigEndian: $0)) }
        case .ipv6:
            guard let high = number(UInt64.self, at: offset), let low = number(UInt64.self, at: offset + 8)
            else { return nil }
            let address = IPAddress(ipv6High: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
            return address.family == .ipv6 ? address : nil
        }
    }
}

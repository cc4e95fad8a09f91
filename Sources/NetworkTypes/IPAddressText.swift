// SPDX-License-Identifier: Apache-2.0

extension IPAddress: CustomStringConvertible {
    /// The canonical text: dotted quad, or RFC 5952 (lower case, the longest run of zeros compressed).
    public var description: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(40)
        appendText(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the canonical text as ASCII bytes; for writers of many addresses.
    public func appendText(to bytes: inout [UInt8]) {
        switch family {
        case .ipv4: appendIPv4(to: &bytes)
        case .ipv6: appendIPv6(to: &bytes)
        }
    }

    /// As many bytes as `255.255.255.255` has.
    private static let longestIPv4Text = 15

    private func appendIPv4(to bytes: inout [UInt8]) {
        // Appended at once: each append asks whether the array is shared and has room.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.longestIPv4Text) { text in
            var count = 0
            func write(_ byte: UInt8) {
                text[count] = byte
                count += 1
            }
            for shift in stride(from: UInt64(24), through: 0, by: -8) {
                let number = UInt8(truncatingIfNeeded: low >> shift)
                if number >= 100 { write(UInt8(ascii: "0") + number / 100) }
                if number >= 10 { write(UInt8(ascii: "0") + number / 10 % 10) }
                write(UInt8(ascii: "0") + number % 10)
                if shift > 0 { write(UInt8(ascii: ".")) }
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[..<count]))
        }
    }

    private func group(_ index: Int) -> UInt64 {
        (index < 4 ? high : low) >> UInt64(48 - index % 4 * 16) & 0xffff
    }

    private func appendIPv6(to bytes: inout [UInt8]) {
        let zeros = longestZeroRun
        var index = 0
        while index < 8 {
            if index == zeros.lowerBound, !zeros.isEmpty {
                bytes.append(UInt8(ascii: ":"))
                bytes.append(UInt8(ascii: ":"))
                index = zeros.upperBound
                continue
            }
            if index > 0, index != zeros.upperBound || zeros.isEmpty { bytes.append(UInt8(ascii: ":")) }
            bytes.appendHexadecimal(group(index))
            index += 1
        }
    }

    /// The run of groups that `::` stands for: the longest of at least two zero groups, the first of equals (RFC 5952).
    private var longestZeroRun: Range<Int> {
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, group(end) == 0 { end += 1 }
            if end - start > max(best.count, 1) { best = start..<end }
            start = max(end, start) + 1
        }
        return best
    }
}

extension [UInt8] {
    /// Appends a number in decimal ASCII digits.
    @inlinable public mutating func appendDecimal(_ value: some FixedWidthInteger & UnsignedInteger) {
        if value >= 10 { appendDecimal(value / 10) }
        append(UInt8(ascii: "0") + UInt8(value % 10))
    }

    /// Appends a number in lower-case hexadecimal ASCII digits, without a prefix.
    @inlinable public mutating func appendHexadecimal(_ value: some FixedWidthInteger & UnsignedInteger) {
        if value >= 16 { appendHexadecimal(value / 16) }
        let digit = UInt8(value % 16)
        append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
    }
}

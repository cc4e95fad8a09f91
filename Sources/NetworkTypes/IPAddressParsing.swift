// SPDX-License-Identifier: Apache-2.0

extension IPAddress {
    /// Reads an address as kube-proxy does (`ParseIPSloppy` of k8s.io/utils/net).
    ///
    /// Leading zeros of an IPv4 octet are dropped and the octet is decimal: `010.0.0.1` is 10.0.0.1. IPv6 is read in any
    /// spelling of RFC 4291, with an IPv4 tail if there is one, without a zone.
    ///
    /// - Returns: `nil` if the text is no address.
    public init?(_ text: some StringProtocol) {
        var text = String(text)
        let parsed = text.withUTF8 { bytes in
            bytes.contains(UInt8(ascii: ":")) ? Self.parseIPv6(bytes[...]) : Self.parseIPv4(bytes[...])
        }
        guard let parsed else { return nil }
        self = parsed
    }

    private typealias Bytes = Slice<UnsafeBufferPointer<UInt8>>

    private static func parseIPv4(_ bytes: Bytes) -> IPAddress? {
        var bits: UInt32 = 0
        var octets = 0
        var octet: UInt32 = 0
        var hasDigit = false
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                octet = octet * 10 + UInt32(byte - UInt8(ascii: "0"))
                guard octet <= 255 else { return nil }
                hasDigit = true
            case UInt8(ascii: "."):
                guard hasDigit, octets < 3 else { return nil }
                bits = bits << 8 | octet
                octets += 1
                octet = 0
                hasDigit = false
            default:
                return nil
            }
        }
        guard hasDigit, octets == 3 else { return nil }
        return IPAddress(ipv4: bits << 8 | octet)
    }

    private static func parseIPv6(_ bytes: Bytes) -> IPAddress? {
        let colon = UInt8(ascii: ":")
        var groups: [UInt16] = []
        var ellipsis: Int?
        var rest = bytes
        if rest.starts(with: [colon, colon]) {
            ellipsis = 0
            rest = rest.dropFirst(2)
            if rest.isEmpty { return IPAddress(family: .ipv6, high: 0, low: 0) }
        }
        while groups.count < 8 {
            let group = rest.prefix { $0 != colon }
            if group.contains(UInt8(ascii: ".")) {
                guard group.endIndex == rest.endIndex, groups.count <= 6, groups.count == 6 || ellipsis != nil,
                    let tail = parseIPv4(group)
                else { return nil }
                groups.append(UInt16(truncatingIfNeeded: tail.low >> 16))
                groups.append(UInt16(truncatingIfNeeded: tail.low))
                rest = rest.dropFirst(group.count)
                break
            }
            guard let value = parseHexadecimalGroup(group) else { return nil }
            groups.append(value)
            rest = rest.dropFirst(group.count)
            if rest.isEmpty { break }
            rest = rest.dropFirst()
            guard let next = rest.first else { return nil }
            if next == colon {
                guard ellipsis == nil else { return nil }
                ellipsis = groups.count
                rest = rest.dropFirst()
                if rest.isEmpty { break }
            }
        }
        guard rest.isEmpty else { return nil }
        if let ellipsis {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: ellipsis)
        }
        guard groups.count == 8 else { return nil }
        let high = groups[..<4].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        let low = groups[4...].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        return IPAddress(ipv6High: high, low: low)
    }

    private static func parseHexadecimalGroup(_ bytes: Bytes) -> UInt16? {
        guard !bytes.isEmpty else { return nil }
        var value: UInt32 = 0
        for byte in bytes {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            value = value << 4 | UInt32(digit)
            guard value <= 0xffff else { return nil }
        }
        return UInt16(value)
    }
}

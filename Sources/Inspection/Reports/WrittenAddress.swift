// SPDX-License-Identifier: Apache-2.0

import Messages
import NetworkTypes

/// An address as an operator has written it, with a port or without one: what is wrong with it, for messages.
///
/// Manifests are read as kube-proxy reads them, which takes 010.0.0.1 for 10.0.0.1 (netutils.ParseIPSloppy). An argument with
/// such zeros is refused, as Go's net.ParseIP does: to other programs it is 8.0.0.1.
package struct WrittenAddress {
    private let text: String

    package init(_ text: some StringProtocol) { self.text = String(text) }

    /// What is wrong, and what would be right; `nil` if nothing is, or the text is not meant to be an address at all.
    package var problem: String? {
        if let octet = octetWithLeadingZero {
            let plain = String(octet.drop { $0 == "0" })
            return
                "\"\(octet)\" has a leading zero, which some programs read as octal: write \(plain.isEmpty ? "0" : plain)"
        }
        if IPAddress(text) != nil { return nil }
        guard let colon = text.lastIndex(of: ":") else { return isDotted(text) ? Self.dottedNeed : nil }
        let port = text[text.index(after: colon)...]
        let host = text[..<colon]
        let hasBrackets = host.hasPrefix("[") && host.hasSuffix("]")
        let bare = hasBrackets ? host.dropFirst().dropLast() : host
        guard let address = IPAddress(bare) else {
            if isDotted(bare) { return Self.dottedNeed }
            let isIPv6 = hasBrackets || bare.contains(":")
            return isIPv6 ? "invalid IPv6 address \(MessageText.quoted(bare)): must be as in [fd00::10]:80" : nil
        }
        if hasBrackets != (address.family == .ipv6) {
            let right = address.family == .ipv6 ? "[\(address)]:80" : "\(address):80"
            return "only an IPv6 address with a port is in brackets: write \(right)"
        }
        guard let pair = AddressPort(text), pair.port > 0 else {
            return
                "invalid port \(MessageText.quoted(port)): must be a number from 1 to 65535, as in \(host):80"
        }
        return nil
    }

    private static let dottedNeed = "an IPv4 address has four numbers from 0 to 255, as in 10.96.0.10 or 10.96.0.10:80"

    /// Whether it consists of numbers and dots, as no name of a Service does.
    private func isDotted(_ text: some StringProtocol) -> Bool {
        text.contains(".") && text.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
    }

    private var octetWithLeadingZero: Substring? {
        let parts = text.split { ":[]/".contains($0) }
        return parts.filter(isDotted).lazy.flatMap { $0.split(separator: ".") }.first {
            $0.count > 1 && $0.first == "0"
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The host that a client believes to talk to, as its header `Host` names it (RFC 9110, section 7.2).
///
/// A website can point a name of its own at this machine after its page has been loaded (DNS rebinding); its scripts could then
/// read what is served here, as a part of that website. Such a name always comes in `Host`. An address cannot be pointed
/// elsewhere, and browsers resolve `localhost` and the names below it by themselves (RFC 6761, section 6.3).
struct RequestedHost: Hashable, Sendable {
    /// An address, or a name in lower case; without the port.
    ///
    /// Empty if the target of the request has no host.
    private let name: String
    /// The port; empty if there is none.
    private let port: String

    /// Reads `HOST` or `HOST:PORT` (RFC 3986, section 3.2).
    ///
    /// - Returns: `nil` for anything else: what one reader takes for a port or a name, another may take for something else.
    init?(_ header: String) {
        let rest: Substring
        if header.hasPrefix("[") {
            guard let end = header.firstIndex(of: "]") else { return nil }
            let literal = header[..<end].dropFirst()
            guard IPAddress(String(literal.prefix { $0 != "%" }))?.family == .ipv6 else { return nil }
            name = literal.lowercased()
            rest = header[end...].dropFirst()
        } else {
            let host = header.prefix { $0 != ":" }
            guard host.utf8.allSatisfy(Self.isNameByte) else { return nil }
            name = host.lowercased()
            rest = header[host.endIndex...]
        }
        guard rest.isEmpty || (rest.hasPrefix(":") && Self.isPort(rest.dropFirst())) else { return nil }
        port = String(rest.dropFirst())
    }

    /// Whether no website can be behind it.
    var isAddressOrLocalhost: Bool {
        let labels = name.hasSuffix(".") ? name.dropLast() : name[...]
        return IPAddress(name) != nil || labels == "localhost" || labels.hasSuffix(".localhost")
    }

    /// A name as RFC 3986 has it (`reg-name`), with its escapes.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~%!$&'()*+,;=".utf8.contains(byte)
        }
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || (text.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt16(text) != nil)
    }
}

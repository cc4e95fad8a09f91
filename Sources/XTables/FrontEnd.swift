// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// Where clients reach a Service: an address and a port, or a port of the node.
package struct FrontEnd: Hashable, Sendable {
    /// The address; `nil` for a port at addresses of the node.
    package let address: IPAddress?
    /// The port, 1–65535.
    package let port: UInt16
    /// The transport protocol.
    package let transport: TransportProtocol

    package init(_ address: IPAddress?, _ port: UInt16, _ transport: TransportProtocol) {
        self.address = address
        self.port = port
        self.transport = transport
    }

    /// The front end that a rule is for; `nil` if it is for no port.
    ///
    /// A rule for a range of addresses is for a port of the node: only those of node ports have one.
    package init?(_ rule: Rule) {
        var found: (TransportProtocol, UInt16)?
        for case .transport(let transport, let port?) in rule.matches { found = (transport, port) }
        guard let (transport, port) = found else { return nil }
        self.init(rule.destination?.host, port, transport)
    }
}

extension AddressMatch {
    /// The only address that meets it; `nil` if there are others.
    package var host: IPAddress? {
        isInverted || range.prefixLength != range.address.family.addressBits ? nil : range.address
    }
}

extension ServicePortOrigin {
    /// The service port that a comment such as `namespace/name:port cluster IP` names; `nil` if it names none.
    ///
    /// For rules in a kernel, which has nothing else about their Services.
    package convenience init?(comment: String, transport: TransportProtocol) {
        let subject = comment.prefix { $0 != " " }
        let parts = subject.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        guard name.count == 2, name.allSatisfy({ !$0.isEmpty }) else { return nil }
        self.init(
            namespace: String(name[0]), service: String(name[1]), port: parts.count > 1 ? String(parts[1]) : "",
            transport: transport)
    }
}

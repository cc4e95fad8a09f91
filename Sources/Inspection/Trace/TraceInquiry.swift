// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleEvaluation

/// `trace`: where a packet goes, and which rules decide about it.
package struct TraceInquiry: Inquiry {
    package static let path = "/v1/trace"
    package static let parameterNames: [String] = ["from", "to", "interface", "state", "live"]
    package static let needs: InquiryNeeds = .rules

    /// The states that a packet can be traced in, by their words.
    package static let states: [(name: String, state: ConnectionState)] = [
        ("new", .new), ("established", .established), ("related", .related), ("invalid", .invalid),
    ]

    /// The source: an address, or an address and port.
    package var source: String
    /// The destination: an address and port, with a protocol or without one for TCP.
    package var destination: String
    /// The interface that the packet comes in by; `nil` for that of the route to the source.
    package var interface: String?
    /// What connection tracking makes of the packet: one of ``states``; `nil` for a new connection.
    package var state: String?
    /// Whether the rules are those that the kernel holds now, with all foreign ones.
    package var isLive: Bool

    package init(
        from source: String, to destination: String, interface: String? = nil, state: String? = nil,
        isLive: Bool = false
    ) {
        self.source = source
        self.destination = destination
        self.interface = interface
        self.state = state
        self.isLive = isLive
    }

    package init(_ parameters: InquiryParameters) throws(InquiryFailure) {
        guard let source = parameters["from"], let destination = parameters["to"] else {
            throw .invalid("a trace needs the parameters \"from\" (ADDRESS) and \"to\" (ADDRESS:PORT/PROTOCOL)")
        }
        self.init(
            from: source, to: destination, interface: parameters["interface"], state: parameters["state"],
            isLive: try parameters.word("live", of: ["false", "true"]) == "true")
        _ = try TracedPacket(self)
    }

    package var parameters: InquiryParameters {
        var parameters = InquiryParameters()
        parameters.append("from", source)
        parameters.append("to", destination)
        parameters.append("interface", interface)
        parameters.append("state", state)
        if isLive { parameters.append("live", "true") }
        return parameters
    }

    /// Checks the arguments without any state.
    ///
    /// - Throws: ``InquiryFailure/invalid(_:)``.
    package func check() throws(InquiryFailure) { _ = try TracedPacket(self) }

    package func report(on state: InspectedState) throws(InquiryFailure) -> any Report {
        try Tracer(self, state).trace()
    }
}

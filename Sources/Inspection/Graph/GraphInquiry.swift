// SPDX-License-Identifier: Apache-2.0

import Messages
import ServiceModel

/// `graph`: the chains that the packets of a Service pass.
package struct GraphInquiry: Inquiry {
    package static let path = "/v1/graph"
    /// `drawn` has no meaning: a browser draws a picture again only if its address is another one.
    package static let parameterNames: [String] = ["subject", "namespace", "format", "drawn"]
    package static let needs: InquiryNeeds = [.rules, .counters]

    /// What ``ExplanationInquiry`` takes: a Service, a chain or an address.
    package var subject: String
    /// The namespace of a name without one; `nil` for `default`.
    package var namespace: String?
    /// The form of the picture, where a text is asked for.
    package var format: GraphFormat

    package init(_ subject: String, namespace: String? = nil, format: GraphFormat = .svg) {
        self.subject = subject
        self.namespace = namespace
        self.format = format
    }

    package init(_ parameters: InquiryParameters) throws(InquiryFailure) {
        guard let subject = parameters["subject"], !subject.isEmpty else {
            throw .invalid("missing parameter \"subject\": a Service, as NAMESPACE/NAME")
        }
        let name = parameters["format"] ?? GraphFormat.svg.rawValue
        guard let format = GraphFormat(rawValue: name) else {
            let names = GraphFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("unsupported format \"\(name)\" (supported: \(names))")
        }
        self.init(subject, namespace: parameters["namespace"], format: format)
    }

    package var parameters: InquiryParameters {
        var parameters = InquiryParameters()
        parameters.append("subject", subject)
        parameters.append("namespace", namespace)
        parameters.append("format", format.rawValue)
        return parameters
    }

    package func report(on state: InspectedState) throws(InquiryFailure) -> any Report {
        let found = try SubjectSearch(state).find(ExplanationInquiry(subject, namespace: namespace))
        var builder = GraphBuilder(state)
        for compilation in state.compilations { builder.add(found.services, compilation) }
        let names = found.services.map(\.description)
        guard !builder.nodes.isEmpty else {
            throw .notFound(
                "no rules are made for \(names.joined(separator: ", ")): 'kubetables explain' names the reason")
        }
        return ServiceGraph(services: names, nodes: builder.nodes, edges: builder.edges, format: format)
    }
}

/// The form of a picture of chains.
package enum GraphFormat: String, Sendable, CaseIterable {
    /// A picture for browsers, in light or dark as they are.
    case svg
    /// The language of Graphviz.
    case dot
    /// The language of Mermaid, which pages of Git servers show.
    case mermaid
}

/// The chains that the packets of Services pass.
package struct ServiceGraph: Report, Hashable {
    package var apiVersion = ReportVersion.current
    package var kind = "Graph"
    package var services: [String]
    package var nodes: [GraphNode]
    package var edges: [GraphEdge]
    /// How text is written; no part of the report as a value.
    package var format = GraphFormat.svg

    private enum CodingKeys: CodingKey {
        case apiVersion, kind, services, nodes, edges
    }

    package init(services: [String], nodes: [GraphNode], edges: [GraphEdge], format: GraphFormat = .svg) {
        self.services = services
        self.nodes = nodes
        self.edges = edges
        self.format = format
    }

    package var textType: String { format == .svg ? "image/svg+xml" : ReportOutput.plainText }

    package func writeText(_ style: ReportStyle, _ line: (String) -> Void) {
        switch format {
        case .svg: GraphPicture(self).write(line)
        case .dot: writeDot(line)
        case .mermaid: writeMermaid(line)
        }
    }
}

/// A place on the way of packets.
package struct GraphNode: Sendable, Hashable, Codable {
    /// What a place is.
    package enum Kind: String, Sendable, Hashable, Codable {
        /// A built-in chain, at which the kernel enters a table.
        case hook
        case chain
        case endpoint
        /// Packets are refused or dropped.
        case refusal
    }

    package var id: String
    package var kind: Kind
    package var ipFamily: String
    /// The table of a chain; `nil` for an endpoint.
    package var table: String?
    package var title: String
    /// What else is known: the pod, what is masqueraded, what was counted.
    package var details: [String]

    /// What stands at the place in a picture: title and details, escaped and cut, since nothing limits the names of Pods.
    var lines: [String] { ([title] + details).map { MessageText.escaped($0) } }
}

/// A rule that leads from one place to another, or several with the same places.
package struct GraphEdge: Sendable, Hashable, Codable {
    package var from: String
    package var to: String
    /// What packets must be like, for each rule; empty for all packets.
    package var conditions: [String]
    /// The exact share as a small fraction, `1/3`, of the packets of the chain that no rule before has taken.
    package var fraction: String?
    /// The share, 0-1; `nil` if conditions decide and nothing is drawn at random.
    package var share: Double?

    /// What stands at the edge in a picture.
    var label: [String] {
        let amount = share.map { fraction ?? "\(Int(($0 * 10_000).rounded()) / 100)%" }
        return (amount.map { $0 == "1" ? [] : [$0] } ?? []) + conditions.map { MessageText.escaped($0) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import ServiceModel

/// `get endpoints`: which endpoints Services have, which of them this node uses, and why not the others.
package struct EndpointInquiry: Inquiry {
    package static let path = "/v1/endpoints"
    package static let parameterNames = ServiceSelection.parameterNames
    package static let needs: InquiryNeeds = [.rules, .counters]

    package var selection: ServiceSelection

    package init(_ selection: ServiceSelection) { self.selection = selection }

    package init(_ parameters: InquiryParameters) { self.init(ServiceSelection(parameters)) }

    package var parameters: InquiryParameters { selection.parameters }

    package var emptyNote: String? { selection.emptyNote("endpoints") }

    package func report(on state: InspectedState) throws(InquiryFailure) -> any Report {
        if !selection.names.isEmpty { try selection.check(state.knownServices) }
        return EndpointList(items: state.endpointItems(selection))
    }
}

/// The endpoints of a node's service ports: one item for each endpoint of a port of a Service in each IP family.
package struct EndpointList: ListReport {
    package var apiVersion = ReportVersion.current
    package var kind = "EndpointList"
    package var items: [EndpointItem]

    package init(items: [EndpointItem]) { self.items = items }
}

/// An endpoint of a service port.
package struct EndpointItem: Sendable, Hashable, Codable {
    package var namespace: String
    package var service: String
    /// The name of the service port; `nil` if it has none.
    package var portName: String?
    /// `TCP`, `UDP` or `SCTP`.
    package var `protocol`: String
    package var ipFamily: String
    package var address: String
    package var port: UInt16
    /// The Pod that the slice refers to.
    package var pod: String?
    package var node: String?
    package var zone: String?
    /// Those of `ready`, `serving` and `terminating` that hold.
    package var conditions: [String]
    /// Whether traffic of policy Cluster goes there; `nil` if there is none.
    package var usedByCluster: Bool?
    /// Whether traffic of policy Local goes there; `nil` if there is none.
    package var usedByLocal: Bool?
    /// The share of connections of policy Cluster that go there, 0–1; `nil` if none do.
    package var clusterShare: Double?
    /// The share of connections of policy Local that go there, 0–1; `nil` if none do.
    package var localShare: Double?
    /// Connections (for UDP: flows) that this node has sent there, since the rules count.
    package var connections: UInt64?
    /// Why it is not used, or not under each policy.
    package var reason: String?
}

extension EndpointList {
    package func writeText(_ style: ReportStyle, _ line: (String) -> Void) {
        guard !items.isEmpty else { return }
        var table = TextTable(
            [
                .init(heading: "NAMESPACE", minimum: 9, surplusRank: 4), .init(heading: "SERVICE:PORT", minimum: 12),
                .init(heading: "PROTOCOL", isWideOnly: true),
            ] + EndpointItem.columns)
        table.reserveCapacity(items.count)
        for item in items {
            let title = item.portName.map { "\(item.service):\($0)" } ?? item.service
            table.append([.init(item.namespace), .init(title), .init(item.protocol)] + item.cells)
        }
        table.write(style, line)
    }
}

extension EndpointItem {
    static let columns: [TextTable.Column] = [
        .init(heading: "ADDRESS", minimum: 21), .init(heading: "POD", minimum: 8, surplusRank: 3),
        .init(heading: "NODE", minimum: 6, surplusRank: 3), .init(heading: "ZONE", minimum: 4, surplusRank: 6),
        .init(heading: "CONDITION", isNarrowOnly: true, surplusRank: 5),
        .init(heading: "CONDITIONS", isWideOnly: true), .init(heading: "CLUSTER", surplusRank: 1),
        .init(heading: "LOCAL", surplusRank: 1),
        .init(heading: "SHARE", isRightAligned: true),
        .init(heading: "CONNECTIONS", isRightAligned: true, surplusRank: 2),
        .init(heading: "REASON", minimum: 8, isNarrowOnly: true, surplusRank: 1),
        .init(heading: "REASON", isWideOnly: true),
    ]

    var cells: [TextTable.Cell] {
        [
            .init(address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"), .init(pod), .init(node),
            .init(zone), .init(condition), .init(conditions.joined(separator: ",")), Self.cell(usedByCluster),
            Self.cell(usedByLocal),
            .init((clusterShare ?? localShare).map(Self.percentage)), .init(connections.map { "\($0)" }),
            .init(reason.map(Self.brief), .warning), .init(reason, .warning),
        ]
    }

    /// The first word of a reason that is not for ever, and the time: `ejected, back in 24 s`.
    private static func brief(_ reason: String) -> String {
        let words = ["avoided", "ejected", "failing"]
        guard let word = words.first(where: { reason.hasPrefix("\($0): ") }) else { return reason }
        guard let time = reason.split(separator: ", back in ").dropFirst().last else { return word }
        return "\(word), back in \(time)"
    }

    /// The condition that decides, as ``EndpointCondition`` has it.
    private var condition: String {
        EndpointCondition(
            isTerminating: conditions.contains("terminating"), isReady: conditions.contains("ready")
        ).rawValue
    }

    private static func cell(_ isUsed: Bool?) -> TextTable.Cell {
        guard let isUsed else { return .init(nil) }
        return isUsed ? .init("yes", .good) : .init("no", .warning)
    }

    /// A share of all connections, with one decimal.
    static func percentage(_ share: Double) -> String {
        let tenths = Int((share * 1000).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)%" : "\(tenths / 10).\(tenths % 10)%"
    }
}

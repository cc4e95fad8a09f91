// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel

/// `get services`: which Services there are, and how they do on this node.
package struct ServiceInquiry: Inquiry {
    package static let path = "/v1/services"
    package static let parameterNames = ServiceSelection.parameterNames
    package static let needs: InquiryNeeds = [.rules, .counters]

    package var selection: ServiceSelection

    package init(_ selection: ServiceSelection) { self.selection = selection }

    package init(_ parameters: InquiryParameters) { self.init(ServiceSelection(parameters)) }

    package var parameters: InquiryParameters { selection.parameters }

    package var emptyNote: String? { selection.emptyNote("services") }

    package func report(on state: InspectedState) throws(InquiryFailure) -> any Report {
        if !selection.names.isEmpty { try selection.check(state.knownServices) }
        return ServiceList(items: state.serviceItems(selection))
    }
}

/// The service ports of a node: one item for each port of a Service in each IP family.
package struct ServiceList: ListReport {
    package var apiVersion = ReportVersion.current
    package var kind = "ServiceList"
    package var items: [ServiceItem]

    package init(items: [ServiceItem]) { self.items = items }
}

/// A port of a Service in one IP family.
package struct ServiceItem: Sendable, Hashable, Codable {
    /// How many endpoints there are.
    package struct EndpointCounts: Sendable, Hashable, Codable {
        /// Those that any slice names for the service port.
        package var known: Int
        /// Those that this node sends connections to, under any traffic policy.
        package var used: Int
        /// Those that are used under policy Cluster.
        package var cluster: Int
        /// Those that are used under policy Local.
        package var local: Int
    }

    package var namespace: String
    package var name: String
    /// The name of the port; `nil` if it has none.
    package var portName: String?
    /// The port of the cluster IP; `nil` if the Service cannot be read.
    package var port: UInt16?
    /// `TCP`, `UDP` or `SCTP`; `nil` if the Service cannot be read.
    package var `protocol`: String?
    /// `IPv4` or `IPv6`; `nil` without a cluster IP.
    package var ipFamily: String?
    /// `spec.type`; `nil` if the Service cannot be read.
    package var type: String?
    /// An address, or `None` for a headless Service.
    package var clusterIP: String?
    package var nodePort: UInt16?
    package var externalIPs: [String] = []
    package var loadBalancerIPs: [String] = []
    package var internalTrafficPolicy: String?
    /// `nil` if the service port cannot be reached from outside of the cluster.
    package var externalTrafficPolicy: String?
    /// How long connections of a client go to one endpoint, in seconds; `nil` without session affinity, and by a hash.
    package var sessionAffinitySeconds: UInt32?
    /// `hash` if the client's address chooses the endpoint; else `nil`.
    package var sessionAffinityMode: String?
    /// `round-robin` or `source-hash`, where connections are spread by it and not at random; else `nil`.
    package var balance: String?
    /// Whether connections that an endpoint refuses or does not answer are balanced again; `nil` if they are not.
    package var retriesConnections: Bool?
    /// Whether endpoints that fail again and again are left out for a time; `nil` if they are not, or if that is not known.
    package var ejectsOutliers: Bool?
    package var endpoints: EndpointCounts?
    package var traffic: TrafficCounts?
    /// What needs attention first.
    package var state: ServiceState
    /// Everything that holds, what needs attention first.
    package var states: [ServiceState]
    /// What is behind the states, one sentence each.
    package var messages: [String] = []

    init(_ service: ServiceName, states: [ServiceState], messages: [String]) {
        namespace = service.namespace
        name = service.name
        self.states = states
        state = states.first ?? .ok
        self.messages = messages
    }
}

extension ServiceList {
    package func writeText(_ style: ReportStyle, _ line: (String) -> Void) {
        guard !items.isEmpty else { return }
        var table = TextTable([
            .init(heading: "NAMESPACE", minimum: 9, surplusRank: 1), .init(heading: "NAME:PORT", minimum: 16),
            .init(heading: "PROTOCOL", isWideOnly: true), .init(heading: "TYPE", minimum: 9, surplusRank: 2),
            .init(heading: "CLUSTER-IP", minimum: 10), .init(heading: "NODE-PORT", surplusRank: 3),
            .init(heading: "EXTERNAL", minimum: 8, surplusRank: 4),
            .init(heading: "ENDPOINTS", isRightAligned: true), .init(heading: "POLICY", minimum: 7, surplusRank: 5),
            .init(heading: "AFFINITY", isWideOnly: true), .init(heading: "BALANCE", isWideOnly: true),
            .init(heading: "CONN/S", isRightAligned: true, surplusRank: 2),
            .init(heading: "REFUSED/S", isRightAligned: true, surplusRank: 2), .init(heading: "STATE"),
            .init(heading: "MESSAGE", isWideOnly: true),
        ])
        table.reserveCapacity(items.count)
        for item in items {
            table.append([
                .init(item.namespace), .init(item.title), .init(item.protocol), .init(item.type),
                .init(item.clusterIP), .init(item.nodePort.map { "\($0)" }),
                .init((item.externalIPs + item.loadBalancerIPs).joined(separator: ",")),
                .init(item.endpoints.map { "\($0.used)/\($0.known)" }), .init(item.policy),
                .init(item.sessionAffinityMode ?? item.sessionAffinitySeconds.map { "\($0)s" }), .init(item.balance),
                .init(item.traffic?.connectionsPerSecond.map(Self.rate)),
                .init(item.traffic?.refusedPerSecond.map(Self.rate)),
                .init(item.state.rawValue, item.state.style),
                .init(item.messages.joined(separator: "; ")),
            ])
        }
        table.write(style, line)
    }

    /// A rate with one decimal below 10.
    static func rate(_ perSecond: Double) -> String {
        guard perSecond < 9.95 else { return "\(Int(perSecond.rounded()))" }
        let tenths = Int((perSecond * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}

extension ServiceItem {
    /// The name, and the port by its name, or by its number if it has none.
    fileprivate var title: String {
        let port = portName ?? port.map { "\($0)" }
        return port.map { "\(name):\($0)" } ?? name
    }

    /// One policy if there is one only, else that for traffic inside of the cluster and that for traffic from outside.
    fileprivate var policy: String? {
        guard let internalTrafficPolicy else { return nil }
        guard let externalTrafficPolicy, externalTrafficPolicy != internalTrafficPolicy else {
            return internalTrafficPolicy
        }
        return "\(internalTrafficPolicy)/\(externalTrafficPolicy)"
    }
}

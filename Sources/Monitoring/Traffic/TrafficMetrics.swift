import KernelTables
import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

/// Writes the traffic of all families, straight from what is remembered: there may be hundreds of thousands of series.
///
/// Service ports come in the order of their names, endpoints by address; families of metrics that have no series are left
/// out.
struct TrafficText {
    /// A service port with what goes before each of its samples.
    private struct Row {
        let labels: LabelText
        /// `nil` if it never had any.
        let traffic: PortTraffic?
        /// The reasons for which the rules in force refuse.
        let reasons: [RefusalReason]
    }

    private let detail: TrafficDetail
    private let snapshots: [FamilyTraffic.Snapshot]
    private let rows: [Row]

    init(_ snapshots: [FamilyTraffic.Snapshot], detail: TrafficDetail) {
        self.detail = detail
        self.snapshots = snapshots
        rows = snapshots.flatMap { snapshot in
            (snapshot.compilation?.servicePorts ?? []).map { servicePort in
                Row(
                    labels: servicePort.servicePort.labels(snapshot.family),
                    traffic: snapshot.ledger.ports[servicePort.name],
                    reasons: Set(servicePort.refusingRules.map(\.reason)).sorted { $0.rawValue < $1.rawValue })
            }
        }
    }

    func write(to text: inout MetricText) {
        if detail == .endpoints {
            writeEndpoints(
                "kubetables_endpoint_connections_total",
                """
                New connections (for UDP: flows) that rules of this node have sent to the endpoint, repeated first packets \
                included if the node drops them later on; only endpoints that have had any.
                """, \.packets, &text)
            writeEndpoints(
                "kubetables_endpoint_first_packet_bytes_total",
                """
                Bytes of the first packet of each connection that rules of this node have sent to the endpoint; later \
                packets are not counted by any rule.
                """, \.bytes, &text)
        }
        writePorts(
            "kubetables_service_port_connections_total",
            """
            New connections (for UDP: flows) that rules of this node have sent to endpoints of the service port, gone ones \
            included, and repeated first packets if the node drops them later on. The label port is the port's name, or its \
            number if it has none.
            """, \.packets, &text)
        writePorts(
            "kubetables_service_port_first_packet_bytes_total",
            """
            Bytes of the first packet of each connection that rules of this node have sent to endpoints of the service port.
            """, \.bytes, &text)
        writeRefused(
            "kubetables_service_port_refused_packets_total",
            """
            Packets to the service port that rules of this node have rejected (no-endpoints) or dropped \
            (no-local-endpoints, source-ranges), repetitions included.
            """, \.packets, &text)
        writeRefused(
            "kubetables_service_port_refused_bytes_total",
            "Bytes of packets to the service port that rules of this node have rejected or dropped.", \.bytes, &text)
        writeSum(
            "kubeproxy_iptables_ct_state_invalid_dropped_packets_total",
            "Packets dropped because connection tracking cannot place them.", \.invalidPackets,
            \.invalidPacketRules, &text)
        writeSum(
            "kubeproxy_iptables_localhost_nodeports_accepted_packets_total",
            "Connections to node ports on the node's loopback addresses.", \.localhostNodePorts,
            \.localhostNodePortRules, &text)
        writeReadings(&text)
    }

    /// What rules count together, of all families; left out as long as no rule does.
    private func writeSum(
        _ name: String, _ help: String, _ sum: KeyPath<TrafficLedger, RuleSum>,
        _ rules: KeyPath<Compilation, [RuleIdentity]>, _ text: inout MetricText
    ) {
        let packets = snapshots.reduce(0) { $0 &+ $1.ledger[keyPath: sum].total.packets }
        let isCounted = snapshots.contains { $0.compilation?[keyPath: rules].isEmpty == false }
        guard packets > 0 || isCounted else { return }
        text.begin(name, .counter, help: help)
        text.sample(name, packets)
    }

    private func writePorts(
        _ name: String, _ help: String, _ value: KeyPath<RuleCounters, UInt64>, _ text: inout MetricText
    ) {
        guard !rows.isEmpty else { return }
        text.begin(name, .counter, help: help)
        for row in rows { text.sample(name, row.traffic?.total[keyPath: value] ?? 0, row.labels) }
    }

    private func writeEndpoints(
        _ name: String, _ help: String, _ value: KeyPath<RuleCounters, UInt64>, _ text: inout MetricText
    ) {
        guard rows.contains(where: { $0.traffic?.endpoints.isEmpty == false }) else { return }
        text.begin(name, .counter, help: help)
        for row in rows {
            guard let endpoints = row.traffic?.endpoints else { continue }
            var labels = row.labels
            let length = labels.length
            for endpoint in endpoints {
                let place = Endpoint(address: endpoint.address, port: endpoint.port)
                labels.append("endpoint") { place.appendText(to: &$0) }
                text.sample(name, endpoint.total[keyPath: value], labels)
                labels.cut(to: length)
            }
        }
    }

    /// A series for each reason for which the rules refuse now, or have refused something.
    private func writeRefused(
        _ name: String, _ help: String, _ value: KeyPath<RuleCounters, UInt64>, _ text: inout MetricText
    ) {
        var hasBegun = false
        for row in rows {
            for reason in RefusalReason.allCases {
                let refused = row.traffic?.refused[reason]
                guard refused != nil || row.reasons.contains(reason) else { continue }
                if !hasBegun { text.begin(name, .counter, help: help) }
                hasBegun = true
                var labels = row.labels
                labels.append("reason", reason.rawValue)
                text.sample(name, refused?.total[keyPath: value] ?? 0, labels)
            }
        }
    }

    private func writeReadings(_ text: inout MetricText) {
        let failures = "kubetables_traffic_read_failures_total"
        text.begin(failures, .counter, help: "How often the counters of the rules could not be read.")
        for snapshot in snapshots { text.sample(failures, snapshot.failures, [snapshot.family.label]) }
        guard snapshots.contains(where: { $0.lastDuration != nil }) else { return }
        let duration = "kubetables_traffic_read_duration_seconds"
        text.begin(duration, .gauge, help: "Time that it took to read the counters of the rules the last time.")
        for snapshot in snapshots {
            if let seconds = snapshot.lastDuration { text.sample(duration, seconds, [snapshot.family.label]) }
        }
        let time = "kubetables_traffic_read_timestamp_seconds"
        text.begin(time, .gauge, help: "When the counters of the rules were read that are told.")
        for snapshot in snapshots {
            if let seconds = snapshot.lastTime?.secondsSince1970 {
                text.sample(time, seconds, [snapshot.family.label])
            }
        }
    }
}

extension IPFamily {
    fileprivate var label: MetricText.Label { ("ip_family", kubernetesName) }
}

extension ServicePort {
    fileprivate func labels(_ family: IPFamily) -> LabelText {
        LabelText([
            family.label, ("namespace", name.namespace), ("service", name.service),
            ("port", name.port.isEmpty ? "\(port)" : name.port), ("protocol", name.transport.kubernetesName),
        ])
    }
}

// SPDX-License-Identifier: Apache-2.0

import KernelTables
import KubernetesObjects
import NetworkTypes
import PrometheusText
import RuleCompiler
import ServiceModel
import XTables

/// The metrics of traffic, written straight from what is remembered: there may be hundreds of thousands of series.
///
/// Service ports come in the order of their names, endpoints by address; families of metrics without series are left out.
struct TrafficMetrics: Sendable {
    private let endpointConnections: MetricFamily
    private let endpointBytes: MetricFamily
    private let portConnections: MetricFamily
    private let portBytes: MetricFamily
    private let refusedPackets: MetricFamily
    private let refusedBytes: MetricFamily
    private let invalidPackets: MetricFamily
    private let localhostNodePorts: MetricFamily
    private let readFailures: MetricFamily
    private let readDuration: MetricFamily
    private let readTime: MetricFamily

    init(_ registry: MetricRegistry) {
        let portLabels = ["ip_family", "namespace", "service", "port", "protocol"]
        func define(_ name: String, _ help: String, _ labels: [String]) -> MetricFamily {
            registry.define(name, .counter, help: help, labels: labels)
        }
        endpointConnections = define(
            "kubetables_endpoint_connections_total",
            """
            New connections (for UDP: flows) that rules of this node have sent to the endpoint. Repeated first packets count \
            again if the node drops them later on. Only endpoints that have had connections.
            """, portLabels + ["endpoint"])
        endpointBytes = define(
            "kubetables_endpoint_first_packet_bytes_total",
            """
            Bytes of the first packet of each connection that rules of this node have sent to the endpoint. No rule counts \
            later packets.
            """, portLabels + ["endpoint"])
        portConnections = define(
            "kubetables_service_port_connections_total",
            """
            New connections (for UDP: flows) that rules of this node have sent to endpoints of the service port, removed \
            endpoints included. Repeated first packets count again if the node drops them later on. The label port is the \
            port's name, or its number if it has no name.
            """, portLabels)
        portBytes = define(
            "kubetables_service_port_first_packet_bytes_total",
            """
            Bytes of the first packet of each connection that rules of this node have sent to endpoints of the service port.
            """, portLabels)
        refusedPackets = define(
            "kubetables_service_port_refused_packets_total",
            """
            Packets to the service port that rules of this node have rejected (no-endpoints) or dropped \
            (no-local-endpoints, source-ranges), repetitions included.
            """, portLabels + ["reason"])
        refusedBytes = define(
            "kubetables_service_port_refused_bytes_total",
            "Bytes of packets to the service port that rules of this node have rejected or dropped.",
            portLabels + ["reason"])
        invalidPackets = define(
            "kubeproxy_iptables_ct_state_invalid_dropped_packets_total",
            "Packets dropped because connection tracking considers them invalid.", [])
        localhostNodePorts = define(
            "kubeproxy_iptables_localhost_nodeports_accepted_packets_total",
            "Connections to node ports on the node's loopback addresses.", [])
        readFailures = define(
            "kubetables_traffic_read_failures_total", "Failed attempts to read the counters of the rules.",
            ["ip_family"])
        readDuration = registry.define(
            "kubetables_traffic_read_duration_seconds", .gauge,
            help: "Duration of the last reading of the rules' counters.", labels: ["ip_family"])
        readTime = registry.define(
            "kubetables_traffic_read_timestamp_seconds", .gauge,
            help: "Time at which the reported counters were read.", labels: ["ip_family"])
    }

    func write(_ snapshots: [FamilyTraffic.Snapshot], detail: TrafficDetail, to text: inout MetricText) {
        let rows = snapshots.flatMap { snapshot in
            (snapshot.compilation?.servicePorts ?? []).map { TrafficRow($0, of: snapshot) }
        }
        let hasBytes = detail == .bytes
        if detail.hasEndpoints {
            write(endpointConnections, ofEndpoints: rows, \.packets, &text)
            if hasBytes { write(endpointBytes, ofEndpoints: rows, \.bytes, &text) }
        }
        write(portConnections, ofPorts: rows, \.packets, &text)
        if hasBytes { write(portBytes, ofPorts: rows, \.bytes, &text) }
        write(refusedPackets, ofRefusals: rows, \.packets, &text)
        write(refusedBytes, ofRefusals: rows, \.bytes, &text)
        write(invalidPackets, sumOf: snapshots, \.invalidPackets, \.invalidPacketRules, &text)
        write(localhostNodePorts, sumOf: snapshots, \.localhostNodePorts, \.localhostNodePortRules, &text)
        writeReadings(snapshots, &text)
    }

    /// The sum over all families of what their rules count; left out as long as there is no such rule.
    private func write(
        _ family: MetricFamily, sumOf snapshots: [FamilyTraffic.Snapshot], _ sum: KeyPath<TrafficLedger, RuleSum>,
        _ rules: KeyPath<Compilation, [CounterKey]>, _ text: inout MetricText
    ) {
        let packets = snapshots.reduce(0) { $0 &+ $1.ledger[keyPath: sum].total.packets }
        let isCounted = snapshots.contains { $0.compilation?[keyPath: rules].isEmpty == false }
        guard packets > 0 || isCounted else { return }
        text.begin(family)
        text.sample(family, packets)
    }

    private func write(
        _ family: MetricFamily, ofPorts rows: [TrafficRow], _ value: KeyPath<RuleCounters, UInt64>,
        _ text: inout MetricText
    ) {
        guard !rows.isEmpty else { return }
        text.begin(family)
        for row in rows { text.sample(family, row.traffic?.total[keyPath: value] ?? 0, row.labels) }
    }

    private func write(
        _ family: MetricFamily, ofEndpoints rows: [TrafficRow], _ value: KeyPath<RuleCounters, UInt64>,
        _ text: inout MetricText
    ) {
        guard rows.contains(where: { $0.traffic?.endpoints.isEmpty == false }) else { return }
        text.begin(family)
        for row in rows {
            guard let endpoints = row.traffic?.endpoints else { continue }
            var labels = row.labels
            let length = labels.length
            for endpoint in endpoints {
                let place = Endpoint(address: endpoint.address, port: endpoint.port)
                labels.append("endpoint") { place.appendText(to: &$0) }
                text.sample(family, endpoint.total[keyPath: value], labels)
                labels.cut(to: length)
            }
        }
    }

    /// A series for each reason for which the rules refuse now, or have refused something.
    private func write(
        _ family: MetricFamily, ofRefusals rows: [TrafficRow], _ value: KeyPath<RuleCounters, UInt64>,
        _ text: inout MetricText
    ) {
        var hasBegun = false
        for row in rows {
            for reason in RefusalReason.allCases {
                let refused = row.traffic?.refused[reason]
                guard refused != nil || row.reasons.contains(reason) else { continue }
                if !hasBegun { text.begin(family) }
                hasBegun = true
                var labels = row.labels
                labels.append("reason", reason.rawValue)
                text.sample(family, refused?.total[keyPath: value] ?? 0, labels)
            }
        }
    }

    private func writeReadings(_ snapshots: [FamilyTraffic.Snapshot], _ text: inout MetricText) {
        text.begin(readFailures)
        for snapshot in snapshots { text.sample(readFailures, snapshot.failures, [snapshot.family.label]) }
        guard snapshots.contains(where: { $0.lastDuration != nil }) else { return }
        text.begin(readDuration)
        for snapshot in snapshots {
            if let seconds = snapshot.lastDuration { text.sample(readDuration, seconds, [snapshot.family.label]) }
        }
        text.begin(readTime)
        for snapshot in snapshots {
            if let seconds = snapshot.lastTime?.secondsSince1970 {
                text.sample(readTime, seconds, [snapshot.family.label])
            }
        }
    }
}

/// A service port with the labels that begin each of its samples.
private struct TrafficRow {
    let labels: LabelText
    /// `nil` if it never had any.
    let traffic: PortTraffic?
    /// The reasons for which the rules in force refuse packets.
    let reasons: [RefusalReason]

    init(_ servicePort: CompiledServicePort, of snapshot: FamilyTraffic.Snapshot) {
        labels = servicePort.servicePort.labels(snapshot.family)
        traffic = snapshot.ledger.ports[servicePort.name]
        reasons = Set(servicePort.refusingRules.map(\.reason)).sorted { $0.rawValue < $1.rawValue }
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

// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Draws a cluster as JSON objects, with every feature switched on at times, and options for a node in it.
struct RandomCluster {
    private var random: SeededGenerator
    /// The objects, one JSON text each.
    private(set) var objects: [String] = []
    /// Options for `compile` and `apply`.
    private(set) var options: [String] = []

    init(seed: Int, serviceCount: Int = 12) throws {
        random = SeededGenerator(seed: UInt64(seed))
        drawOptions()
        for index in 0..<serviceCount { try addService(index) }
    }

    /// The objects as one text, in an order that depends on `order`.
    func text(order: UInt64 = 0) -> String {
        var generator = SeededGenerator(seed: order)
        return (order == 0 ? objects : objects.shuffled(using: &generator)).joined(separator: "\n---\n")
    }

    private mutating func drawOptions() {
        let zone = random.chance(70) ? ["--node-labels", "topology.kubernetes.io/zone=zone-a"] : []
        let detector = random.pick([
            [], ["--cluster-cidr", "10.244.0.0/16,fd00:244::/48"],
            ["--detect-local-mode", "BridgeInterface", "--pod-bridge-interface", "cbr0"],
            ["--detect-local-mode", "InterfaceNamePrefix", "--pod-interface-name-prefix", "cali"],
        ])
        let nodePorts = random.pick([
            [], ["--nodeport-addresses", "primary"],
            ["--nodeport-addresses", "192.168.0.0/16,127.0.0.0/8,fd00:50::/64"],
        ])
        options =
            ["--hostname-override", "node-a", "--node-ip", "192.168.50.10,fd00:50::10"] + zone + detector + nodePorts
            + (random.chance(20) ? ["--masquerade-all"] : [])
            + ["--iptables-masquerade-bit", "\(random.pick([0, 14, 31]))"]
            + (random.chance(30) ? ["--iptables-localhost-nodeports=false"] : [])
            + ["--conntrack-tcp-be-liberal=\(random.chance(20))"]
            + ["--interface-addresses", "127.0.0.1,::1,192.168.50.10,192.168.60.10,fd00:50::10"]
    }

    private mutating func addService(_ index: Int) throws {
        let name = "svc-\(index)"
        let type = random.pick(["ClusterIP", "ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "None"])
        let isDual = random.chance(40)
        let families = isDual ? ["IPv4", "IPv6"] : [random.pick(["IPv4", "IPv6"])]
        let addresses = families.map { $0 == "IPv4" ? "10.96.\(index).7" : "fd00:96::\(index + 1)" }
        let ports = random.pick([["http"], ["http", "dns"], [""]])
        var spec: [String: Any] = [
            "type": type == "None" ? "ClusterIP" : type,
            "clusterIP": type == "None" ? "None" : addresses[0],
            "clusterIPs": type == "None" ? ["None"] : addresses, "ipFamilies": families,
            "internalTrafficPolicy": random.pick(["Cluster", "Cluster", "Local"]),
            "externalTrafficPolicy": random.pick(["Cluster", "Local"]),
            "ports": ports.enumerated().map { place, port -> [String: Any] in
                var value: [String: Any] = [
                    "port": 80 + place, "protocol": random.pick(["TCP", "UDP", "SCTP"]),
                    "nodePort": type == "NodePort" || type == "LoadBalancer" ? 30000 + 2 * index + place : 0,
                ]
                if !port.isEmpty { value["name"] = port }
                return value
            },
        ]
        if random.chance(30) {
            spec["sessionAffinity"] = "ClientIP"
            spec["sessionAffinityConfig"] = ["clientIP": ["timeoutSeconds": random.pick([1, 10800, 86400])]]
        }
        if random.chance(25) { spec["externalIPs"] = ["192.0.2.\(index)", "2001:db8:1::\(index)"] }
        if random.chance(30) {
            spec["loadBalancerSourceRanges"] = ["198.51.100.0/24", "2001:db8:9::/48", "192.168.50.0/24"]
        }
        if random.chance(40) { spec["healthCheckNodePort"] = 31000 + index }
        var labels: [String: String] = [:]
        if random.chance(5) { labels["service.kubernetes.io/service-proxy-name"] = "other" }
        let ingress: [[String: Any]] =
            random.chance(60) ? [["ip": "203.0.113.\(index)"], ["ip": "2001:db8:2::\(index)"], ["hostname": "lb"]] : []
        // Without a draw, so that clusters of a seed are otherwise what they have always been.
        let annotations = index % 4 == 3 ? ["kubetables.io/balance": "source-hash"] : [:]
        try add([
            "apiVersion": "v1", "kind": "Service",
            "metadata": ["name": name, "namespace": "ns", "labels": labels, "annotations": annotations],
            "spec": spec, "status": ["loadBalancer": ["ingress": ingress]],
        ])
        for family in families where random.chance(85) { try addSlices(name, family, ports, spec) }
    }

    private mutating func addSlices(
        _ service: String, _ family: String, _ ports: [String], _ spec: [String: Any]
    ) throws {
        let portSpecs = spec["ports"] as? [[String: Any]] ?? []
        let hasHints = random.chance(30)
        for part in 0..<random.pick([1, 1, 2, 3]) {
            let count = random.pick([0, 1, 2, 3, 7])
            let endpoints: [[String: Any]] = (0..<count).map { _ in
                let host = Int.random(in: 1...250, using: &random)
                var endpoint: [String: Any] = [
                    "addresses": [family == "IPv4" ? "10.244.\(part).\(host)" : "fd00:244::\(part):\(host)"],
                    "conditions": random.pick([
                        ["ready": true], [:], ["ready": false], ["ready": false, "serving": true, "terminating": true],
                        ["ready": true, "serving": true, "terminating": false],
                    ]),
                ]
                if random.chance(80) { endpoint["nodeName"] = random.pick(["node-a", "node-b"]) }
                if hasHints {
                    endpoint["hints"] = ["forZones": [["name": random.pick(["zone-a", "zone-b"])]]]
                }
                return endpoint
            }
            try add([
                "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": family,
                "metadata": [
                    "name": "\(service)-\(family.lowercased())-\(part)", "namespace": "ns",
                    "labels": ["kubernetes.io/service-name": service],
                ],
                "endpoints": endpoints,
                "ports": zip(ports, portSpecs).map { name, port -> [String: Any] in
                    ["name": name, "port": 8080, "protocol": port["protocol"] ?? "TCP"]
                },
            ])
        }
    }

    private mutating func add(_ object: [String: Any]) throws {
        let data = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
        objects.append(String(decoding: data, as: UTF8.self))
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import NetworkTypes
import TestSupport
import Testing

/// Where a client's datagrams go: a lab of scripts/lab with a node, a client outside, and three pods that answer with
/// their names.
final class FlowLab: Sendable {
    /// The pods, by the last number of their address.
    enum Pod: Int, CaseIterable {
        case one = 11
        case two = 12
        case three = 13

        /// What it answers.
        var name: String { "pod-\(rawValue)" }

        func address(_ family: IPFamily) -> String {
            switch family {
            case .ipv4: "10.244.1.\(rawValue)"
            case .ipv6: "fd00:10:244::1:\(rawValue)"
            }
        }

        /// The address and port where it answers.
        func end(_ family: IPFamily) -> String {
            switch family {
            case .ipv4: "\(address(family)):53"
            case .ipv6: "[\(address(family))]:53"
            }
        }
    }

    static func nodeAddress(_ family: IPFamily) -> String {
        switch family {
        case .ipv4: "192.168.50.10"
        case .ipv6: "fd00:192:168:50::10"
        }
    }

    static func clusterIP(_ family: IPFamily) -> String {
        switch family {
        case .ipv4: "10.96.0.10"
        case .ipv6: "fd00:10:96::a"
        }
    }

    static let nodePort = 30053

    static func externalIP(_ family: IPFamily) -> String { family == .ipv4 ? "203.0.113.1" : "fd00:203::1" }
    static func loadBalancerIP(_ family: IPFamily) -> String { family == .ipv4 ? "203.0.113.2" : "fd00:203::2" }

    /// Where a client reaches the Service of ``everyPlace(_:)``: address, UDP port, TCP port.
    static func places(_ family: IPFamily) -> [(address: String, udp: Int, tcp: Int)] {
        [clusterIP(family), externalIP(family), loadBalancerIP(family)].map { ($0, 53, 80) }
            + [(nodeAddress(family), nodePort, 30080)]
    }

    private let lab: TestSupport.Lab
    private static let probe = Repository.products.appending(path: "connection-tracking-probe").path

    /// Makes the network; no rule is there yet, so the kernel tracks nothing.
    init() throws {
        lab = try TestSupport.Lab(pods: Pod.allCases.map { "\($0.name)=\($0.address(.ipv4))" })
        for pod in Pod.allCases { try lab.serve(pod.name, port: 53, transport: "udp") }
    }

    /// Lets a pod answer at a further port.
    func serve(_ pod: Pod, _ transport: TransportProtocol, port: Int) throws {
        try lab.serve(pod.name, port: port, transport: transport.rawValue)
    }

    /// Runs a program that must succeed.
    @discardableResult
    func run(_ host: String, _ command: [String], input: String = "") throws -> String {
        try lab.run(host, command, input: input)
    }

    /// Commits the rules for a Service on the node, and leaves all flows as they are.
    func apply(_ manifest: String) throws {
        for family in IPFamily.allCases {
            let rules = try run(
                "node", [Repository.tool, "compile", "-f", "-", "--ip-family", family.rawValue] + Self.nodeOptions,
                input: manifest)
            let restore = family == .ipv4 ? "iptables-legacy-restore" : "ip6tables-legacy-restore"
            try run("node", [restore, "-w", "60"], input: rules)
        }
    }

    /// Runs a command of the program on the node that commits rules and cleans up flows.
    @discardableResult
    func tool(_ command: String..., manifest: String) throws -> ProcessResult {
        let result = try lab.attempt(
            "node", [Repository.tool] + command + ["-f", "-", "--lock-wait", "60"] + Self.nodeOptions, input: manifest)
        try #require(result.status == 0, "\(result)")
        return result
    }

    /// Starts a program on a host and does not wait for it.
    func start(_ host: String, _ command: [String]) throws -> BackgroundProcess { try lab.start(host, command) }

    static let nodeOptions = [
        "--node-ip", IPFamily.allCases.map(nodeAddress).joined(separator: ","), "--hostname-override", "node-1",
    ]

    /// Deletes stale flows on the node, and counts them.
    func clean(_ manifest: String, _ family: IPFamily, _ options: [String] = []) throws -> Int {
        let output = try run("node", [Self.probe, "clean", family.rawValue] + options + ["-"], input: manifest)
        let words = output.split(separator: " ")
        return try #require(words.first == "deleted" ? Int(words[1]) : nil, "\(output)")
    }

    /// Who answers the client's datagram.
    func ask(_ address: String, port: Int = 53, from sourcePort: Int = 40_000) throws -> String {
        try run("client", [Self.probe, "ask", address, "\(port)", "\(sourcePort)"])
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// What the node tracks: flows with the kernel's numbers for them.
    func flows(_ family: IPFamily, _ transport: TransportProtocol = .udp) throws -> Set<String> {
        let output = try run("node", [Self.probe, "list", family.rawValue, transport.rawValue])
        return Set(output.split(separator: "\n").map(String.init))
    }

    /// Tries to delete the node's UDP flows by wrong numbers, and gives back what it printed.
    func deleteByWrongNumbers(_ family: IPFamily) throws -> String {
        try run("node", [Self.probe, "delete-outdated", family.rawValue])
    }

    /// Runs the probe on the node, however it ends.
    func probe(_ arguments: [String], dropping capability: String) throws -> ProcessResult {
        let command = "'\(Self.probe)' \(arguments.joined(separator: " "))"
        return try lab.attempt("node", ["capsh", "--drop=\(capability)", "--", "-c", command])
    }
}

extension FlowLab {
    /// The Service of ``manifest(_:nodePorts:)`` with all the addresses that one can have.
    static func everyPlace(_ pod: Pod) -> String {
        let external = IPFamily.allCases.map { "\"\(externalIP($0))\"" }.joined(separator: ", ")
        let ingress = IPFamily.allCases.map { "{ip: \"\(loadBalancerIP($0))\"}" }.joined(separator: ", ")
        let text = manifest(pod, nodePorts: true).replacing(
            "  type: NodePort", with: "  type: LoadBalancer\n  externalIPs: [\(external)]")
        let end = text.firstRange(of: "---\n").map(\.lowerBound) ?? text.endIndex
        return text[..<end] + "status: {loadBalancer: {ingress: [\(ingress)]}}\n" + text[end...]
    }

    /// A dual-stack Service for UDP port 53 and TCP port 80, and its endpoints.
    static func manifest(_ pods: Pod..., nodePorts: Bool = false) -> String {
        let nodePort = nodePorts ? ", nodePort: \(nodePort)" : ""
        let service = """
            apiVersion: v1
            kind: Service
            metadata: {name: dns, namespace: default}
            spec:
              type: \(nodePorts ? "NodePort" : "ClusterIP")
              clusterIPs: ["\(clusterIP(.ipv4))", "\(clusterIP(.ipv6))"]
              ipFamilies: [IPv4, IPv6]
              ports:
              - {name: dns, protocol: UDP, port: 53\(nodePort)}
              - {name: web, protocol: TCP, port: 80\(nodePorts ? ", nodePort: 30080" : "")}

            """
        return IPFamily.allCases.reduce(service) { text, family in text + slice(pods, family) }
    }

    private static func slice(_ pods: [Pod], _ family: IPFamily) -> String {
        let endpoints = pods.map { "{addresses: [\"\($0.address(family))\"], conditions: {ready: true}}" }
        return """
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata:
              name: dns-\(family.rawValue)
              namespace: default
              labels: {kubernetes.io/service-name: dns}
            addressType: \(family.kubernetesName)
            endpoints: [\(endpoints.joined(separator: ", "))]
            ports:
            - {name: dns, protocol: UDP, port: 53}
            - {name: web, protocol: TCP, port: 80}

            """
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import NetworkTypes
import TestSupport
import Testing

/// A node with a Service of three endpoints, of which one is alive, one refuses connections and one is silent.
final class FailureLab {
    enum Pod: Int, CaseIterable {
        case alive = 11
        case refusing = 12
        case silent = 13

        var name: String { "pod-\(rawValue)" }
    }

    /// Where connections begin.
    enum Client: String, CaseIterable {
        case outside = "client"
        case pod = "client-pod"
        case node = "node"
    }

    /// Connections of a client, one after the other.
    struct Outcome {
        /// How many succeeded.
        var succeeded = 0
        /// How many did not.
        var failed = 0
        /// How long each of them took, in seconds.
        var times: [Double] = []

        var slowest: Double { times.max() ?? 0 }
        /// Those that needed a second packet of the client.
        var slow: Int { times.count { $0 > 0.5 } }
    }

    let lab: Lab
    let folder: TemporaryFolder
    let family: IPFamily
    private var program: BackgroundProcess?
    private var servers: [BackgroundProcess] = []

    /// How the pods are at the beginning.
    enum Beginning {
        /// As their names are.
        case different
        /// All of them answer, and keep connections open.
        case allAlive
    }

    init(_ family: IPFamily, _ beginning: Beginning = .different) throws {
        self.family = family
        lab = try Lab(pods: Pod.allCases.map { "\($0.name)=10.244.1.\($0.rawValue)" } + ["client-pod=10.244.1.5"])
        folder = try TemporaryFolder()
        switch beginning {
        case .different:
            try lab.serve(Pod.alive.name, port: 8080)
            try setSilent(.silent, true)
        case .allAlive:
            for pod in Pod.allCases { servers.append(try ConnectionLoad.serve(pod.name, of: lab, port: 8080)) }
        }
    }

    deinit {
        program?.signal(SIGTERM)
        _ = try? program?.wait()
    }

    /// Lets a pod drop what comes, as if it was gone, or no longer.
    func setSilent(_ pod: Pod, _ isSilent: Bool) throws {
        for tool in ["iptables-legacy", "ip6tables-legacy"] {
            try lab.run(
                pod.name,
                [tool, "-w", "60", isSilent ? "-A" : "-D", "INPUT", "-p", "tcp", "--dport", "8080", "-j", "DROP"])
        }
    }

    /// Ends what serves in a pod, which refuses connections from then on.
    func endServers(of pod: String) throws {
        let servers = try Subprocess.check(["ip", "netns", "pids", "\(lab.prefix)-\(pod)"])
        for server in servers.split(separator: "\n").compactMap({ pid_t($0) }) { kill(server, SIGTERM) }
    }

    /// Lets the pods treat new connections as their names are, while those that are open go on.
    func failNewConnections() throws {
        for tool in ["iptables-legacy", "ip6tables-legacy"] {
            let rule = [tool, "-w", "60", "-A", "INPUT", "-p", "tcp", "--dport", "8080", "--syn", "-j"]
            try lab.run(Pod.silent.name, rule + ["DROP"])
            try lab.run(Pod.refusing.name, rule + ["REJECT", "--reject-with", "tcp-reset"])
        }
    }

    /// Writes the Service with these endpoints.
    ///
    /// - Parameter specification: further lines of its specification.
    func write(_ pods: [Pod] = Pod.allCases, annotations: String = "", specification: String = "{}") throws {
        let text = objects(
            "web", clusterIP: clusterIP, pods, annotations: annotations, specification: specification, nodePort: 30080)
        try folder.write("objects.yaml", text)
    }

    /// A Service with these endpoints, as manifests.
    ///
    /// - Parameter nodePort: nothing if it has none.
    func objects(
        _ name: String, clusterIP: String, _ pods: [Pod] = Pod.allCases, annotations: String = "",
        specification: String = "{}",
        nodePort: Int? = nil
    ) -> String {
        let addresses = pods.map {
            "{addresses: [\"\(family == .ipv4 ? "10.244.1." : "fd00:10:244::1:")\($0.rawValue)\"]}"
        }
        return """
            apiVersion: v1
            kind: Service
            metadata: {name: \(name), annotations: {\(annotations)}}
            spec:
              <<: \(specification)
              type: \(nodePort == nil ? "ClusterIP" : "NodePort")
              clusterIP: "\(clusterIP)"
              ipFamilies: [\(family.kubernetesName)]
              ports: [{port: 80, \(nodePort.map { "nodePort: \($0), " } ?? "")targetPort: 8080}]
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: \(name)-1, labels: {kubernetes.io/service-name: \(name)}}
            addressType: \(family.kubernetesName)
            ports: [{port: 8080}]
            endpoints: [\(addresses.joined(separator: ", "))]

            """
    }

    private var clusterIP: String { family == .ipv4 ? "10.96.0.80" : "fd00:10:96::80" }
    /// The address of a further Service.
    var otherClusterIP: String { family == .ipv4 ? "10.96.0.81" : "fd00:10:96::81" }

    /// Where a client reaches the Service.
    func place(_ client: Client) -> String {
        client == .outside
            ? formatted(family == .ipv4 ? "192.168.50.10" : "fd00:192:168:50::10", port: 30080)
            : formatted(clusterIP, port: 80)
    }

    /// An address and a port, as a URL has them.
    func formatted(_ address: String, port: Int) -> String { "\(family == .ipv4 ? address : "[\(address)]"):\(port)" }

    /// Starts the program and waits until its rules are in force.
    func run(_ layout: String = "kube-proxy", _ options: [String] = []) throws {
        let program = try lab.start(
            "node",
            [Repository.tool, "run", "--manifests", folder.path, "--rule-layout", layout]
                + ["--hostname-override", "node-1", "--node-ip", "192.168.50.10,fd00:192:168:50::10"]
                + ["--cluster-cidr", "10.244.0.0/16,fd00:10:244::/64", "--lock-file", folder.path + "/lock"]
                + ["--owner-lock-file", folder.path + "/owner", "-v", "4"] + options)
        try program.waitForErrors(containing: "start: \(family.kubernetesName)")
        self.program = program
    }

    /// What the program has logged.
    var log: String { program?.errors ?? "" }

    /// Waits until the program has logged something.
    func waitForLog(_ text: String) throws { try program?.waitForErrors(containing: text) }

    /// Begins so many connections, one after the other, each for so many seconds at most.
    func connect(_ client: Client, _ count: Int, patience: Double = 10) throws -> Outcome {
        let result = try lab.attempt(client.rawValue, connections(client, count, patience))
        return Self.outcome(result.output)
    }

    /// The command that begins connections.
    ///
    /// - Parameter rate: how many in a second, at most.
    func connections(_ client: Client, _ count: Int, _ patience: Double, rate: Int = 10_000) -> [String] {
        let place = place(client).replacing("[", with: "\\[").replacing("]", with: "\\]")
        return [
            "curl", "-s", "-o", "/dev/null", "--max-time", "\(patience)", "-w", "%{http_code} %{time_total}\\n",
            "--rate", "\(rate)/s", "http://\(place)/?[1-\(count)]",
        ]
    }

    static func outcome(_ text: String) -> Outcome {
        var outcome = Outcome()
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 2, let time = Double(words[1]) else { continue }
            if words[0] == "200" { outcome.succeeded += 1 } else { outcome.failed += 1 }
            outcome.times.append(time)
        }
        return outcome
    }

    /// A counter of /metrics, over all labels.
    func metric(_ name: String) throws -> Int {
        let text = try lab.run("node", ["curl", "-sS", "--max-time", "10", "http://127.0.0.1:10249/metrics"])
        return text.split(separator: "\n").filter { $0.hasPrefix(name + "{") }
            .reduce(0) { $0 + Int(Double($1.split(separator: " ").last ?? "") ?? 0) }
    }
}

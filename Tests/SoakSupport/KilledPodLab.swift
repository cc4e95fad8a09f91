// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport

/// A node with a Service of three pods for both IP families, clients that open many connections in a second, and a pod that is
/// killed without a word meanwhile.
package final class KilledPodLab {
    /// Clients of one family each: one in a pod, by the cluster IP, and one outside, by the node port.
    private static let clients = [
        ("client-pod", "10.96.0.80:80"), ("client-pod", "[fd00:10:96::80]:80"),
        ("client", "192.168.50.10:30080"), ("client", "[fd00:192:168:50::10]:30080"),
    ]
    private static let pods = (11...13).map { (name: "pod-\($0)", number: $0) }
    private static let port = 8080

    private let lab: Lab
    private let folder: TemporaryFolder
    private let manifests: TemporaryFolder
    private var servers: [BackgroundProcess] = []
    private let program: BackgroundProcess

    /// Starts servers and the program, and waits until its rules are in force.
    package init(layout: String, retry: Bool) throws {
        lab = try Lab(pods: Self.pods.map { "\($0.name)=10.244.1.\($0.number)" } + ["client-pod=10.244.1.5"])
        for pod in Self.pods { servers.append(try ConnectionLoad.serve(pod.name, of: lab, port: Self.port)) }
        folder = try TemporaryFolder()
        manifests = try TemporaryFolder()
        try manifests.write("objects.yaml", Self.objects(retry: retry))
        program = try lab.start(
            "node",
            [Repository.tool, "run", "--manifests", manifests.path, "--rule-layout", layout]
                + ["--hostname-override", "node-1", "--node-ip", "192.168.50.10,fd00:192:168:50::10"]
                + ["--cluster-cidr", "10.244.0.0/16,fd00:10:244::/64", "--lock-file", folder.path + "/lock"]
                + ["--owner-lock-file", folder.path + "/owner"])
        for family in ["IPv4", "IPv6"] { try program.waitForErrors(containing: "start: \(family)") }
    }

    deinit {
        program.signal(SIGTERM)
        _ = try? program.wait()
    }

    /// What the program has logged.
    package var log: String { program.errors }

    private static func objects(retry: Bool) -> String {
        func slice(_ family: String, _ prefix: String) -> String {
            let addresses = pods.map { "{addresses: [\"\(prefix)\($0.number)\"]}" }
            return """
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: web-\(family.lowercased()), labels: {kubernetes.io/service-name: web}}
                addressType: \(family)
                ports: [{port: \(port)}]
                endpoints: [\(addresses.joined(separator: ", "))]

                """
        }
        return """
            apiVersion: v1
            kind: Service
            metadata: {name: web, annotations: {kubetables.io/retry: "\(retry)"}}
            spec:
              type: NodePort
              ipFamilyPolicy: RequireDualStack
              ipFamilies: [IPv4, IPv6]
              clusterIP: 10.96.0.80
              clusterIPs: [10.96.0.80, "fd00:10:96::80"]
              ports: [{port: 80, nodePort: 30080, targetPort: \(port)}]

            """ + slice("IPv4", "10.244.1.") + slice("IPv6", "fd00:10:244::1:")
    }

    /// Opens so many connections in a second, a quarter from each client, and kills a pod after a third of the time.
    ///
    /// - Parameter patience: how many seconds a connection waits for an answer.
    /// - Returns: what became of the connections of each client.
    package func connect(rate: Int, seconds: Int, patience: Int) throws -> [ConnectionLoad.Outcome] {
        let processes = try Self.clients.map { host, address in
            try ConnectionLoad.open(
                address, on: host, of: lab, rate: rate / Self.clients.count, seconds: seconds, patience: patience)
        }
        usleep(UInt32(seconds) * 1_000_000 / 3)
        try kill(Self.pods[0].name)
        return try processes.map { process in
            _ = try process.wait()
            return try ConnectionLoad.Outcome(process.output)
        }
    }

    /// Lets a pod drop all that comes and goes, as when its node has lost its power.
    private func kill(_ pod: String) throws {
        let rules = "*filter\n:INPUT DROP\n:FORWARD DROP\n:OUTPUT DROP\nCOMMIT\n"
        for tool in ["iptables-legacy-restore", "ip6tables-legacy-restore"] {
            try lab.run(pod, [tool, "--wait=60"], input: rules)
        }
    }
}

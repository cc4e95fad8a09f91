// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// What /metrics of the real program tells about real connections.
@Suite(.needsKernel, .serialized) struct ServedTrafficTests {
    private let lab: Lab
    private let directory: URL

    private static let pods = ["pod-1=10.244.1.11", "pod-2=10.244.1.12", "client-pod=10.244.1.5"]
    private static let lockFile = FileManager.default.temporaryDirectory.appending(path: "kt-\(UUID().uuidString)").path

    init() throws {
        lab = try Lab(pods: Self.pods)
        directory = FileManager.default.temporaryDirectory.appending(path: "kt-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        for pod in ["pod-1", "pod-2"] {
            try lab.serve(pod, port: 80)
            try lab.serve(pod, port: 53, transport: "udp")
        }
    }

    // MARK: The cluster

    /// Services with their endpoints, by the last numbers of the pods' addresses.
    private func write(web: [Int] = [11, 12], dns: [Int] = [11]) throws {
        let nodePort = "{port: 80, name: http, nodePort: 30080}"
        let text =
            service("web", nodePort, "type: NodePort,", 10, port: "http", 80, "TCP", web)
            + service("web6", "{port: 80}", "ipFamilies: [IPv6],", 20, port: nil, 80, "TCP", [11], isIPv6: true)
            + service("dns", "{port: 53, protocol: UDP}", "", 11, port: nil, 53, "UDP", dns)
            + service("gone", "{port: 80, name: http}", "", 12, port: "http", 80, "TCP", [])
            + service("closed", "{port: 80}", Self.closed, 14, port: nil, 80, "TCP", [11])
            + service("elsewhere", "{port: 80}", "internalTrafficPolicy: Local,", 13, port: nil, 80, "TCP", [99])
        try Data(text.utf8).write(to: directory.appending(path: "objects.yaml"))
    }

    /// A load balancer that lets in somebody else only.
    private static let closed =
        "type: LoadBalancer, allocateLoadBalancerNodePorts: false, loadBalancerSourceRanges: [198.51.100.0/24],"

    private func service(
        _ name: String, _ port: String, _ options: String, _ address: Int, port portName: String?, _ number: Int,
        _ transport: String, _ pods: [Int], isIPv6: Bool = false
    ) -> String {
        let addresses = pods.map { isIPv6 ? "fd00:10:244::1:\($0)" : "10.244.1.\($0)" }
        let clusterIP = isIPv6 ? "fd00:10:96::\(address)" : "10.96.0.\(address)"
        return """
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: \(name), namespace: shop}
            spec: {clusterIP: "\(clusterIP)", \(options) ports: [\(port)]}
            status: {loadBalancer: {ingress: [\(name == "closed" ? "{ip: 203.0.113.7}" : "")]}}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: \(name)-1, namespace: shop, labels: {kubernetes.io/service-name: \(name)}}
            addressType: \(isIPv6 ? "IPv6" : "IPv4")
            ports: [{\(portName.map { "name: \($0), " } ?? "")port: \(number), protocol: \(transport)}]
            endpoints: [\(addresses.map { "{addresses: [\"\($0)\"]}" }.joined(separator: ", "))]

            """
    }

    private func running(_ arguments: [String] = [], _ body: (BackgroundProcess) throws -> Void) throws {
        let program = try lab.start(
            "node",
            [Repository.tool, "run", "--manifests", directory.path]
                + ["--hostname-override", "node-1", "--node-ip", "192.168.50.10", "--lock-file", Self.lockFile]
                // Nothing looks at the tables but what a test asks for.
                + ["--iptables-min-sync-period", "0s", "--iptables-sync-period", "1h"] + arguments)
        try program.waitForErrors(containing: "start: IPv4")
        try program.waitForErrors(containing: "start: IPv6")
        try body(program)
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
    }

    private func cleanUp() {
        try? FileManager.default.removeItem(at: directory)
        try? FileManager.default.removeItem(atPath: Self.lockFile)
    }

    // MARK: Metrics

    /// The samples of /metrics by name and labels, when nothing of it can be from before.
    private func scrape() throws -> [String: Double] {
        // What was read less than a second ago is told again.
        usleep(1_100_000)
        return Self.samples(try text())
    }

    private func text() throws -> String {
        try lab.run("node", ["curl", "-sS", "--fail", "--max-time", "10", "http://127.0.0.1:10249/metrics"])
    }

    private static func samples(_ text: String) -> [String: Double] {
        var samples: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " ") else { continue }
            samples[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
        return samples
    }

    private static func port(
        _ what: String, _ service: String, port: String, _ transport: String = "TCP", _ family: String = "IPv4",
        and label: String = ""
    ) -> String {
        "kubetables_\(what){ip_family=\"\(family)\",namespace=\"shop\",service=\"\(service)\",port=\"\(port)\","
            + "protocol=\"\(transport)\"\(label)}"
    }

    private static func endpoint(
        _ what: String, _ service: String, port: String, _ endpoint: String, _ transport: String = "TCP",
        _ family: String = "IPv4"
    ) -> String {
        Self.port("endpoint_\(what)", service, port: port, transport, family, and: ",endpoint=\"\(endpoint)\"")
    }

    private static let web = port("service_port_connections_total", "web", port: "http")
    private static let first = endpoint("connections_total", "web", port: "http", "10.244.1.11:80")
    private static let second = endpoint("connections_total", "web", port: "http", "10.244.1.12:80")

    // MARK: Tests

    @Test func connectionsAreCountedWhereTheyWent() throws {
        defer { cleanUp() }
        try write()
        try running(["--traffic-metrics", "bytes"]) { _ in
            let before = try scrape()
            #expect(before[Self.web] == 0)
            #expect(before[Self.first] == nil)
            let toClusterIP = try lab.ask("client-pod", "10.96.0.10:80", count: 20)
            let toNodePort = try lab.ask("client", "192.168.50.10:30080", count: 15)
            #expect(toClusterIP.values.reduce(0, +) == 20 && toNodePort.values.reduce(0, +) == 15)
            #expect(try lab.ask("client-pod", "[fd00:10:96::20]:80", count: 7) == ["pod-1": 7])
            for port in 4001...4003 {
                try lab.run(
                    "client-pod", ["socat", "-T1", "-", "UDP:10.96.0.11:53,sourceport=\(port)"], input: "who\n")
            }
            let after = try scrape()
            #expect(after[Self.web] == 35)
            #expect(after[Self.first] == Double(toClusterIP["pod-1", default: 0] + toNodePort["pod-1", default: 0]))
            #expect(after[Self.second] == Double(toClusterIP["pod-2", default: 0] + toNodePort["pod-2", default: 0]))
            #expect(
                after[Self.endpoint("connections_total", "web6", port: "80", "[fd00:10:244::1:11]:80", "TCP", "IPv6")]
                    == 7)
            #expect(after[Self.port("service_port_connections_total", "dns", port: "53", "UDP")] == 3)
            // A SYN of TCP over IPv4 is 60 bytes long.
            #expect(after[Self.port("service_port_first_packet_bytes_total", "web", port: "http")] == 2100)
            #expect(
                after[Self.endpoint("first_packet_bytes_total", "web", port: "http", "10.244.1.11:80")]
                    == after[Self.first].map { $0 * 60 })
            #expect(after["kubetables_traffic_read_failures_total{ip_family=\"IPv4\"}"] == 0)
            #expect(after["kubetables_traffic_read_duration_seconds{ip_family=\"IPv6\"}"] ?? 0 > 0)
            #expect(try Promtool.complaints(about: text()) == [])
        }
    }

    @Test func refusedPacketsAreCountedWithTheReason() throws {
        defer { cleanUp() }
        try write()
        try running { _ in
            let noEndpoints = Self.port(
                "service_port_refused_packets_total", "gone", port: "http", and: ",reason=\"no-endpoints\"")
            let notHere = Self.port(
                "service_port_refused_packets_total", "elsewhere", port: "80", and: ",reason=\"no-local-endpoints\"")
            #expect(try scrape()[noEndpoints] == 0)
            for _ in 0..<3 {
                let result = try lab.attempt("client-pod", ["curl", "-s", "--max-time", "5", "http://10.96.0.12/"])
                #expect(result.status == 7)
            }
            let closed = Self.port(
                "service_port_refused_packets_total", "closed", port: "80", and: ",reason=\"source-ranges\"")
            let stranger = try lab.attempt("client", ["curl", "-s", "--max-time", "0.5", "http://203.0.113.7/"])
            #expect(stranger.status == 28)
            let dropped = try lab.attempt("client-pod", ["curl", "-s", "--max-time", "0.5", "http://10.96.0.13/"])
            #expect(dropped.status == 28)
            let after = try scrape()
            #expect(after[noEndpoints] == 3)
            let bytes = noEndpoints.replacingOccurrences(of: "_packets_", with: "_bytes_")
            #expect(after[bytes] == 180)
            // A SYN that gets no answer is sent again after a second.
            #expect(after[notHere] == 1)
            #expect(after[closed] == 1)
            #expect(after[Self.port("service_port_connections_total", "gone", port: "http")] == 0)
        }
    }

    @Test func whatKubeProxyCountsAtAccountingObjectsIsCountedByTheRules() throws {
        defer { cleanUp() }
        try write()
        try running(["--nfacct"]) { _ in
            let invalid = "kubeproxy_iptables_ct_state_invalid_dropped_packets_total"
            let localhost = "kubeproxy_iptables_localhost_nodeports_accepted_packets_total"
            let before = try scrape()
            #expect(before[invalid] == 0 && before[localhost] == 0)
            // The head of a TCP packet that begins a connection and ends it at once.
            let head = #"\22\64\0\120\0\0\0\1\0\0\0\0\120\3\4\0\0\0\0\0"#
            for _ in 0..<3 {
                try lab.run("client", ["sh", "-c", "printf '\(head)' | socat -u - IP4-SENDTO:10.244.1.11:6"])
            }
            #expect(try lab.ask("node", "127.0.0.1:30080", count: 5).values.reduce(0, +) == 5)
            #expect(try lab.ask("client", "192.168.50.10:30080", count: 2).values.reduce(0, +) == 2)
            let after = try scrape()
            #expect(after[invalid] == 3)
            #expect(after[localhost] == 5)
            #expect(after[Self.web] == 7)
        }
    }

    @Test func nothingIsLostOrCountedTwiceWhenRulesComeAndGo() throws {
        defer { cleanUp() }
        try write()
        try running { program in
            var sum = 0.0
            func ask(_ count: Int) throws {
                #expect(try lab.ask("client-pod", "10.96.0.10:80", count: count).values.reduce(0, +) == count)
                sum += Double(count)
            }
            func scrapeSum() throws -> [String: Double] {
                let samples = try scrape()
                if samples[Self.web] != sum {
                    let rules = try lab.run("node", ["iptables-legacy-save", "-t", "nat", "-c"])
                    Issue.record(
                        """
                        \(samples[Self.web] ?? -1) connections instead of \(sum): \(samples[Self.first] ?? 0) and \
                        \(samples[Self.second] ?? 0); \(rules)
                        """)
                }
                return samples
            }
            try ask(10)
            _ = try scrapeSum()
            // More pass that nobody has read when their rule goes.
            try ask(10)
            try write(web: [11])
            try program.waitForErrors(containing: "ready); IPv4 nat: 1 chain deleted")
            try ask(5)
            let alone = try scrapeSum()
            let kept = try #require(alone[Self.second])
            #expect(alone[Self.first] == sum - kept)
            // The endpoint comes back, and its sum goes on.
            try write(web: [11, 12])
            try program.waitForErrors(containing: "ready); IPv4 nat: 1 chain created")
            // So many that no rule, when it begins at zero again, comes to show as much in the rest of this test.
            try ask(60)
            let back = try scrapeSum()
            #expect(back[Self.second] ?? 0 > kept)

            // Somebody sets the counters to zero, somebody else empties a chain.
            try lab.run("node", ["iptables-legacy", "-t", "nat", "-Z"])
            try ask(4)
            _ = try scrapeSum()
            try lab.run("node", ["iptables-legacy", "-t", "nat", "-F", "KUBE-SERVICES"])
            let rules = try lab.run("node", ["iptables-legacy-save", "-t", "nat"]).split(separator: "\n")
            let rule = try #require(rules.first { $0.contains("--to-destination 10.244.1.11:80") })
            let chain = rule.split(separator: " ")[1]
            try lab.run("node", ["iptables-legacy", "-t", "nat", "-F", "\(chain)"])
            _ = try scrapeSum()
            try write(web: [11, 12], dns: [12])
            try program.waitForErrors(containing: "drift repaired in 2 chains")
            try ask(6)
            _ = try scrapeSum()
        }
    }

    @Test func countersGoOnOverARestartOfTheProgram() throws {
        defer { cleanUp() }
        try write()
        try running { _ in
            let answers = try lab.ask("client-pod", "10.96.0.10:80", count: 9)
            #expect(answers.values.reduce(0, +) == 9)
        }
        try runningAgain {
            let after = try scrape()
            #expect(after[Self.web] == 9)
        }
    }

    private func runningAgain(_ body: () throws -> Void) throws {
        let program = try lab.start(
            "node",
            [Repository.tool, "run", "--manifests", directory.path, "--hostname-override", "node-1"]
                + ["--node-ip", "192.168.50.10", "--lock-file", Self.lockFile])
        try program.waitForErrors(containing: "start: IPv4: already in sync")
        try body()
    }

    @Test(arguments: ["services", "off"]) func lessIsToldIfThatIsWished(detail: String) throws {
        defer { cleanUp() }
        try write()
        try running(["--traffic-metrics", detail]) { _ in
            #expect(try lab.ask("client-pod", "10.96.0.10:80", count: 3).values.reduce(0, +) == 3)
            let samples = try scrape()
            #expect(samples[Self.web] == (detail == "services" ? 3 : nil))
            // Those of failures count none by itself.
            let ofEndpoints = ["kubetables_endpoint_connections_", "kubetables_endpoint_first_packet_"]
            #expect(!samples.keys.contains { key in ofEndpoints.contains { key.hasPrefix($0) } })
            #expect(samples.keys.contains { $0.hasPrefix("kubetables_traffic_") } == (detail == "services"))
        }
    }
}

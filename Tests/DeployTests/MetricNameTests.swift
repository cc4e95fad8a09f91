import Foundation
import Glibc
import TestSupport
import Testing

/// Whether every metric that alerts and dashboard ask for is served by the program, after everything has happened to it
/// that makes metrics appear.
@Suite(.needsKernel) struct MetricNameTests {
    private let node: NetworkNamespace
    private let folder: TemporaryFolder

    init() throws {
        node = try NetworkNamespace()
        folder = try TemporaryFolder()
        // A pod's address, at which nobody listens: the rules count all the same.
        try node.run("ip", "address", "add", "10.244.0.1/32", "dev", "lo")
        try node.run("ip", "route", "add", "default", "dev", "lo")
    }

    private func write(endpoint: String) throws {
        let now = Date.now.formatted(.iso8601)
        try folder.write(
            "manifests/objects.yaml",
            """
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {clusterIP: 10.96.0.10, ports: [{name: http, port: 80}]}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: empty}
            spec: {clusterIP: 10.96.0.11, ports: [{name: http, port: 80}]}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata:
              name: web-1
              labels: {kubernetes.io/service-name: web}
              annotations: {endpoints.kubernetes.io/last-change-trigger-time: "\(now)"}
            addressType: IPv4
            ports: [{name: http, port: 8080}]
            endpoints: [{addresses: ["\(endpoint)"]}]
            """)
    }

    /// The names of all families that the program serves, and for histograms those of their series.
    private func servedNames() throws -> Set<String> {
        let text = try node.run("curl", "-sS", "--fail", "--max-time", "10", "http://127.0.0.1:10249/metrics")
        var names: Set<String> = []
        for line in text.split(separator: "\n") where line.hasPrefix("# TYPE ") {
            let words = line.split(separator: " ").map(String.init)
            #expect(text.contains("# HELP \(words[2]) "), "\(words[2]) has no text")
            if words[3] == "histogram" {
                names.formUnion(["bucket", "sum", "count"].map { "\(words[2])_\($0)" })
            } else {
                names.insert(words[2])
            }
        }
        return names
    }

    private func namesServedBesideAnAPIServer() throws -> Set<String> {
        let objects = try folder.write(
            "objects.json", #"{"kind": "List", "items": [{"kind": "Node", "metadata": {"name": "node-1"}}]}"#)
        let server = try node.start(
            [Repository.products.appending(path: "test-api-server").path]
                + ["--listen", "127.0.0.1:0", "--objects", objects])
        let url = try server.waitForOutput(after: "listening on ")
        let program = try node.start(
            [Repository.tool, "run", "--master", url, "--hostname-override", "node-1", "--lock-file", node.lockPath])
        try program.waitForErrors(containing: "start: IPv4")
        return try servedNames()
    }

    /// The names of metrics in a query.
    private static func names(in expression: String) -> [String] {
        expression.matches(of: /\b(kubeproxy|kubetables|process)_[a-z0-9_]+/).map { String($0.output.0) }
    }

    @Test func alertsAndDashboardAskForWhatIsServed() throws {
        try write(endpoint: "10.244.0.2")
        let program = try node.start(
            [Repository.tool, "run", "--manifests", "\(folder.path)/manifests", "--hostname-override", "node-1"]
                + ["--lock-file", node.lockPath, "--iptables-min-sync-period", "0s", "--iptables-sync-period", "1s"])
        try program.waitForErrors(containing: "start: IPv4")
        try program.waitForErrors(containing: "start: IPv6")
        // Whole seconds: what was changed before the program started is not measured.
        sleep(2)
        try write(endpoint: "10.244.0.1")
        try program.waitForErrors(containing: "1 Service changed: IPv4")
        for address in ["10.96.0.10", "10.96.0.11"] {
            #expect(try node.attempt(["curl", "-s", "--max-time", "1", "http://\(address)/"]).status != 0)
        }
        for path in ["healthz", "livez"] {
            _ = try node.run("curl", "-sS", "--fail", "--max-time", "10", "http://127.0.0.1:10256/\(path)")
        }

        var served = try servedNames()
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
        served.formUnion(try namesServedBesideAnAPIServer())

        let queries = try AlertRules.read().alerts.map(\.expr) + Dashboard.read().expressions
        let asked = Set(queries.flatMap(Self.names))
        #expect(asked.count > 15)
        let missing = asked.subtracting(served).sorted()
        #expect(missing.isEmpty, "the program does not serve \(missing)")
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import KernelTables
import KernelTablesSuite
import Monitoring
import PrometheusText
import Proxy
import TestSupport
import Testing

@Suite("Metrics in alerts and dashboard") struct MetricNameTests {
    private struct Query {
        let text: String

        /// The names of the series asked for.
        var names: [String] {
            text.matches(of: /\b(kubeproxy|kubetables|process)_[a-z0-9_]+/).map { String($0.output.0) }
        }

        /// The labels by which series are chosen, grouped and joined.
        var labels: Set<String> {
            let groups = text.matches(of: /\b(?:by|on) \(([^)]*)\)/).map(\.output.1)
            let matchers = text.matches(of: /([a-z_]+)=~?"/).map(\.output.1)
            return Set((groups.flatMap { $0.split(separator: /[, ]+/) } + matchers).map(String.init))
        }
    }

    private let families = ServedMetrics(
        backend: Syncer(store: MemoryStore(), lock: nil), build: BuildInfo(version: "1.2.3")
    ).families

    private func queries() throws -> [Query] {
        try AlertRules.read().alerts.map { Query(text: $0.expr) } + Dashboard.read().expressions.map { Query(text: $0) }
    }

    /// The names of all series that alerts and dashboard ask for.
    func askedNames() throws -> Set<String> { Set(try queries().flatMap(\.names)) }

    @Test("are all defined")
    func names() throws {
        let names = try askedNames()
        #expect(names.count > 15)
        let unknown = names.subtracting(families.flatMap(\.seriesNames)).sorted()
        #expect(unknown.isEmpty, "no metric has the name \(unknown)")
    }

    @Test("have the labels that queries use")
    func labels() throws {
        // Prometheus adds the first two, and histograms have the last one.
        let common: Set = ["instance", "job", "le"]
        for query in try queries() where !query.names.isEmpty {
            let known = families.filter { !Set($0.seriesNames).isDisjoint(with: query.names) }.flatMap(\.labels)
            let unknown = query.labels.subtracting(known).subtracting(common).sorted()
            #expect(unknown.isEmpty, "\(unknown) in \(query.text)")
        }
    }

    @Test("are defined also where only a description names them")
    func descriptions() throws {
        let names = Query(text: try Deploy.text(AlertTests.rulesPath)).names
        #expect(Set(names).isSubset(of: families.flatMap(\.seriesNames)))
    }
}

@Suite("Metrics that the program serves", .needsKernel) struct ServedMetricTests {
    private let node: NetworkNamespace
    private let folder: TemporaryFolder

    init() throws {
        node = try NetworkNamespace()
        folder = try TemporaryFolder()
        // A pod's address without a listener: the rules count all the same.
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

    /// The names of all series that the program serves; its families must be the defined ones.
    private func servedNames() throws -> Set<String> {
        let defined = Dictionary(
            uniqueKeysWithValues: ServedMetrics(
                backend: Syncer(store: MemoryStore(), lock: nil), build: BuildInfo(version: "1.2.3")
            ).families.map { ($0.name, $0) })
        let text = try node.run("curl", "-sS", "--fail", "--max-time", "10", "http://127.0.0.1:10249/metrics")
        var names: Set<String> = []
        for line in text.split(separator: "\n") where line.hasPrefix("# TYPE ") {
            let words = line.split(separator: " ").map(String.init)
            let family = try #require(defined[words[2]], "\(words[2]) is served and not defined")
            #expect(words[3] == family.kind.name, "\(family.name)")
            #expect(text.contains("# HELP \(family.name) \(family.help)\n"), "\(family.name) has another text")
            names.formUnion(family.seriesNames)
        }
        return names
    }

    private func namesServedWithAnAPIServer() throws -> Set<String> {
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

    @Test("are those that are defined, and include all that alerts and dashboard ask for")
    func all() throws {
        try write(endpoint: "10.244.0.2")
        let program = try node.start(
            [Repository.tool, "run", "--manifests", "\(folder.path)/manifests", "--hostname-override", "node-1"]
                + ["--lock-file", node.lockPath, "--iptables-min-sync-period", "0s", "--iptables-sync-period", "1s"]
                + ["--traffic-metrics", "bytes"])
        try program.waitForErrors(containing: "start: IPv4")
        try program.waitForErrors(containing: "start: IPv6")
        // Whole seconds: what was changed before the program started is not measured.
        sleep(2)
        try write(endpoint: "10.244.0.1")
        try program.waitForErrors(containing: "1 Service changed: ")
        for address in ["10.96.0.10", "10.96.0.11"] {
            #expect(try node.attempt(["curl", "-s", "--max-time", "1", "http://\(address)/"]).status != 0)
        }
        for path in ["healthz", "livez"] {
            _ = try node.run("curl", "-sS", "--fail", "--max-time", "10", "http://127.0.0.1:10256/\(path)")
        }

        var served = try servedNames()
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
        served.formUnion(try namesServedWithAnAPIServer())

        let missing = try MetricNameTests().askedNames().subtracting(served).sorted()
        #expect(missing.isEmpty, "the program does not serve \(missing)")
    }
}

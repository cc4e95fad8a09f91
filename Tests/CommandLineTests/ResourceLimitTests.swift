// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// What clients and Services can take from the machine that `kubetables run` runs on.
///
/// One at a time: they measure.
@Suite(.needsKernel, .serialized) struct ResourceLimitTests {
    private let node: StatusNode

    init() throws { node = try StatusNode() }

    private static func services(_ count: Int, endpoints: Int, spec: (Int) -> String) -> String {
        let items = (0..<count).flatMap { number in
            let addresses = (0..<endpoints).map { endpoint in
                let index = number * endpoints + endpoint
                return #"{"addresses":["10.\#(100 + (index >> 16)).\#(index >> 8 & 255).\#(index & 255)"]}"#
            }
            return [
                """
                {"apiVersion":"v1","kind":"Service","metadata":{"name":"s\(number)"},"spec":{"clusterIP":\
                "10.96.\(number >> 8).\(number & 255)"\(spec(number)),"ports":[{"port":80}]}}
                """,
                """
                {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","addressType":"IPv4","metadata":{"name":\
                "s\(number)","labels":{"kubernetes.io/service-name":"s\(number)"}},"ports":[{"port":8080}],"endpoints":\
                [\(addresses.joined(separator: ","))]}
                """,
            ]
        }
        return #"{"apiVersion":"v1","kind":"List","items":[\#(items.joined(separator: ","))]}"#
    }

    /// A number of /proc/PID/status, in bytes.
    private func memory(_ program: BackgroundProcess, _ field: String = "VmRSS") throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(program.identifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(field):") })
        return try #require(Int(line.split(separator: " ", omittingEmptySubsequences: true).dropLast().last ?? ""))
            << 10
    }

    /// The CPU time so far, in seconds.
    private func processorTime(_ program: BackgroundProcess) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(program.identifier)/stat", encoding: .utf8)
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        return (Double(fields[12]) ?? 0) / Double(sysconf(Int32(_SC_CLK_TCK)))
            + (Double(fields[13]) ?? 0) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    @Test("clients that ask for a page of tens of megabytes and do not read it share one copy of it")
    func unreadPages() throws {
        try node.write(Self.services(8_000, endpoints: 10) { _ in "" }, to: "objects.json")
        let program = try node.start(["--ip-family", "ipv4", "--iptables-sync-period", "1h"], limit: .seconds(180))
        func page() throws -> Int {
            try #require(Int(node.namespace.run("sh", "-c", "curl -sS 127.0.0.1:10249/rules | wc -c").trimmed))
        }
        let size = try page()
        #expect(size > 20_000_000)
        func settledMemory() throws -> Int {
            usleep(2_000_000)
            return try memory(program)
        }
        let before = try settledMemory()
        try "5".write(toFile: "/proc/\(program.identifier)/clear_refs", atomically: false, encoding: .utf8)
        _ = try page()
        let peakOfOne = try memory(program, "VmHWM") - before
        try "5".write(toFile: "/proc/\(program.identifier)/clear_refs", atomically: false, encoding: .utf8)
        let clients = try node.namespace.start([
            "bash", "-c",
            """
            for i in {1..60}; do
              exec {client}<>/dev/tcp/127.0.0.1/10249
              printf 'GET /rules HTTP/1.1\r\nHost: a\r\n\r\n' >&$client
            done
            for client in {10..69}; do read -r -t 60 -u $client line; echo "$line"; done
            echo end; sleep 600
            """,
        ])
        try node.eventually("all clients have an answer", limit: .seconds(60)) { clients.output.contains("end\n") }
        #expect(clients.output.components(separatedBy: " 503 ").count - 1 == 44, "\(clients.output)")
        #expect(clients.output.components(separatedBy: " 200 ").count - 1 == 16)
        let held = try settledMemory() - before
        let peak = try memory(program, "VmHWM") - before
        #expect(Double(held) <= 1.3 * Double(size), "\(held >> 20) MB held for a page of \(size >> 20) MB")
        #expect(
            Double(peak) <= 1.3 * Double(max(peakOfOne, size)),
            "peak \(peak >> 20) MB, of one page \(peakOfOne >> 20) MB")
        #expect(try node.get("127.0.0.1:10249/metrics")?.status == 200)
        #expect(program.errors.components(separatedBy: "too many clients read a large page").count == 2)
        // They lose their connection when another client wants the page.
        #expect(try node.namespace.run("sh", "-c", "curl -sS -m 50 127.0.0.1:10249/rules | wc -c").trimmed == "\(size)")
        clients.signal(SIGKILL)
        try node.eventually("the memory is given back", limit: .seconds(20)) {
            usleep(200_000)
            return try memory(program) - before < size / 2
        }
    }

    @Test("more health check node ports than descriptors: rules, probes and metrics go on, some listeners are refused")
    func descriptors() throws {
        func objects(_ endpoints: Int) -> String {
            Self.services(1_100, endpoints: endpoints) { number in
                #","type":"LoadBalancer","externalTrafficPolicy":"Local","healthCheckNodePort":\#(20_000 + number)"#
            }
        }
        try node.write(objects(1), to: "objects.json")
        let program = try node.start(["--ip-family", "ipv4"], openFiles: 1024, limit: .seconds(60))
        try program.waitForErrors(
            containing: "of 1100 health check node ports are not served, among them", limit: .seconds(60))
        #expect(try node.get("127.0.0.1:20000")?.status == 503)
        #expect(try node.get("127.0.0.1:21099") == nil)
        // Clients fill every connection that there may be.
        let clients = try node.namespace.start([
            "bash", "-c",
            """
            ulimit -n 4096
            for port in {20000..20199} $(yes 10249 | head -200) $(yes 10256 | head -200); do
              exec {client}<>/dev/tcp/127.0.0.1/$port
            done
            echo end; sleep 600
            """,
        ])
        try node.eventually("all are connected", limit: .seconds(30)) { clients.output.contains("end\n") }
        #expect(try node.get("127.0.0.1:10256/healthz")?.status == 200)
        let files = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(program.identifier)/fd").count
        #expect(files < 1024)
        let start = try processorTime(program)
        usleep(2_000_000)
        #expect(try processorTime(program) - start < 1)
        try node.write(objects(2), to: "objects.json")
        try program.waitForErrors(containing: "1100 Services changed", limit: .seconds(60))
        let metrics = try #require(try node.get("127.0.0.1:10249/metrics")).body
        func gauge(_ state: String) -> Int? {
            let name = #"kubetables_health_check_listeners{ip_family="IPv4",state="\#(state)"} "#
            return metrics.split(separator: "\n").first { $0.hasPrefix(name) }.flatMap { Int($0.dropFirst(name.count)) }
        }
        #expect(gauge("failed") == 0)
        #expect(gauge("refused") ?? 0 > 300)
        #expect((gauge("refused") ?? 0) + (gauge("listening") ?? 0) == 1100)
        #expect(program.errors.components(separatedBy: "health check node ports are not served").count == 2)
        #expect(!program.errors.contains(" error "))
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}

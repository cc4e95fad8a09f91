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
            // In the order of the numbers.
            let name = "s\(10_000 + number)"
            let addresses = (0..<endpoints).map { endpoint in
                let index = number * endpoints + endpoint
                return #"{"addresses":["10.\#(100 + (index >> 16)).\#(index >> 8 & 255).\#(index & 255)"]}"#
            }
            return [
                """
                {"apiVersion":"v1","kind":"Service","metadata":{"name":"\(name)"},"spec":{"clusterIP":\
                "10.96.\(number >> 8).\(number & 255)"\(spec(number)),"ports":[{"port":80}]}}
                """,
                """
                {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","addressType":"IPv4","metadata":{"name":\
                "\(name)","labels":{"kubernetes.io/service-name":"\(name)"}},"ports":[{"port":8080}],"endpoints":\
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

    /// How much memory a busy program may take or give back for other reasons, in bytes.
    private static let slack = 10 << 20

    @Test(
        "60 clients that ask for all rules and do not read them share one copy, and keep nobody else waiting for long")
    func unreadPages() throws {
        // What the kernel keeps for clients that do not read is little, so that most of the page is left to the program.
        for name in ["tcp_rmem", "tcp_wmem"] {
            try node.namespace.run("sysctl", "-q", "-w", "net.ipv4.\(name)=4096 65536 131072")
        }
        try node.write(Self.services(3_000, endpoints: 8) { _ in "" }, to: "objects.json")
        let program = try node.start(["--ip-family", "ipv4", "--iptables-sync-period", "1h"], limit: .seconds(120))
        func page(_ path: String = "rules") throws -> Int? {
            let command = "curl -sS --fail -m 50 127.0.0.1:10249/\(path) | wc -c"
            return Int(try node.namespace.run("bash", "-c", "set -o pipefail; \(command)").trimmed)
        }
        func resetPeak() throws {
            try "5".write(toFile: "/proc/\(program.identifier)/clear_refs", atomically: false, encoding: .utf8)
        }
        func settledMemory() throws -> Int {
            usleep(1_500_000)
            return try memory(program)
        }
        let size = try #require(try page())
        #expect(size > 6_000_000)
        let before = try settledMemory()
        try resetPeak()
        _ = try page()
        let peakOfOne = try memory(program, "VmHWM") - before
        _ = try settledMemory()
        try resetPeak()
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
        // The limit of clients that get a large page.
        #expect(clients.output.components(separatedBy: " 200 ").count - 1 == 16, "\(clients.output)")
        #expect(clients.output.components(separatedBy: " 503 ").count - 1 == 44)
        let held = try settledMemory() - before
        let peak = try memory(program, "VmHWM") - before
        #expect(Double(held) <= 1.3 * Double(size + Self.slack), "\(held) bytes are held for a page of \(size)")
        #expect(
            Double(peak) <= 1.3 * Double(max(peakOfOne, size) + Self.slack), "peak \(peak), of one page \(peakOfOne)")
        #expect(program.errors.components(separatedBy: "too many clients read a large page").count == 2)

        // Others are served: at once with anything else, and with the page when those have had their time.
        #expect(try node.get("127.0.0.1:10249/metrics")?.status == 200)
        #expect(try node.get("127.0.0.1:10256/healthz")?.status == 200)
        #expect(try page() == size)
        clients.signal(SIGKILL)
        #expect(try page() == size)
        try node.eventually("the memory is given back", limit: .seconds(20)) {
            usleep(200_000)
            return try memory(program) - before < size / 2 + Self.slack
        }
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
    }

    @Test("more health check node ports than descriptors: rules and probes go on, and what is refused is named")
    func descriptors() throws {
        let count = 1_100
        func objects(_ endpoints: Int) -> String {
            Self.services(count, endpoints: endpoints) { number in
                #","type":"LoadBalancer","externalTrafficPolicy":"Local","healthCheckNodePort":\#(20_000 + number)"#
            }
        }
        try node.write(objects(1), to: "objects.json")
        let program = try node.start(
            ["--ip-family", "ipv4", "--iptables-sync-period", "10s"], openFiles: 1024, limit: .seconds(60))
        try program.waitForErrors(
            containing: "of \(count) health check node ports are not served, among them 20", limit: .seconds(60))
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
        #expect(try FileManager.default.contentsOfDirectory(atPath: "/proc/\(program.identifier)/fd").count < 1024)
        let start = try processorTime(program)
        usleep(3_000_000)
        let used = try processorTime(program) - start
        #expect(used < 0.6, "\(used) s of CPU time in 3 s without a change")

        try node.write(objects(2), to: "objects.json")
        try program.waitForErrors(containing: "\(count) Services changed", limit: .seconds(60))
        #expect(try node.namespace.run("iptables-legacy-save", "-t", "nat").contains("10.100.8.151:8080"))
        let metrics = try #require(try node.get("127.0.0.1:10249/metrics")).body
        func gauge(_ state: String) -> Int? {
            let name = #"kubetables_health_check_listeners{ip_family="IPv4",state="\#(state)"} "#
            return metrics.split(separator: "\n").first { $0.hasPrefix(name) }.flatMap { Int($0.dropFirst(name.count)) }
        }
        let refused = try #require(gauge("refused"))
        #expect(gauge("failed") == 0)
        #expect(refused > 300)
        #expect(refused + (gauge("listening") ?? 0) == count)
        #expect(program.errors.components(separatedBy: "health check node ports are not served").count == 2)
        let problems = try #require(try node.get("127.0.0.1:10249/problems")).body
        #expect(problems.contains("health check node ports that are not served: \(refused)\n"))
        #expect(
            problems.contains("  IPv4: default/s11099 on 0.0.0.0:21099: the limit of open files leaves no descriptor"))
        #expect(!program.errors.contains(" error "), "\(program.errors)")
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
        clients.signal(SIGKILL)
    }
}

extension String {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}

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

    /// The CPU time so far, in seconds.
    private func processorTime(_ program: BackgroundProcess) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(program.identifier)/stat", encoding: .utf8)
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        return (Double(fields[12]) ?? 0) / Double(sysconf(Int32(_SC_CLK_TCK)))
            + (Double(fields[13]) ?? 0) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// A number of /proc/PID/status, in bytes.
    private func memory(_ program: BackgroundProcess, _ field: String = "VmRSS") throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(program.identifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(field):") })
        return try #require(Int(line.split(separator: " ").dropLast().last ?? "")) << 10
    }

    /// How much memory a program that is at work may take or give back for other reasons, in bytes.
    private static let slack = 10 << 20

    /// Asks for all rules without reading more than the beginning of the answer, and begins requests that never end.
    ///
    /// Descriptors are counted by bash, which has others open as well.
    private static let rudeClients = #"""
        for number in {1..60}; do
          exec {client}<>/dev/tcp/127.0.0.1/10256
          printf 'GET /healthz HT' >&$client
        done
        clients=()
        for number in {1..60}; do
          exec {client}<>/dev/tcp/127.0.0.1/10249
          printf 'GET /rules HTTP/1.1\r\nHost: localhost\r\n\r\n' >&$client
          clients+=($client)
        done
        for client in "${clients[@]}"; do
          read -r -t 20 -u $client status
          reason=
          if [[ $status == *503* ]]; then
            while read -r -t 5 -u $client header && [[ $header != $'\r' ]]; do :; done
            read -r -t 5 -u $client reason
          fi
          echo "$status $reason"
        done
        echo end
        sleep 600
        """#

    @Test("60 clients that ask for all rules and read none share one copy, and keep nobody else waiting")
    func unreadPages() throws {
        // What the kernel keeps for a client that does not read is little, so that most of the page is left to the program.
        for name in ["tcp_rmem", "tcp_wmem"] {
            try node.namespace.run("sysctl", "-q", "-w", "net.ipv4.\(name)=4096 65536 131072")
        }
        try node.write(Self.services(3_000, endpoints: 8) { _ in "" }, to: "objects.json")
        let program = try node.start(["--ip-family", "ipv4", "--iptables-sync-period", "1h"], limit: .seconds(120))
        func pageSize() throws -> Int? {
            let command = "set -o pipefail; curl -sS --fail -m 15 127.0.0.1:10249/rules | wc -c"
            let text = try node.namespace.run("bash", "-c", command)
            return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        func peak(of body: () throws -> Void) throws -> Int {
            usleep(1_200_000)
            let before = try memory(program)
            try "5".write(toFile: "/proc/\(program.identifier)/clear_refs", atomically: false, encoding: .utf8)
            try body()
            return try memory(program, "VmHWM") - before
        }
        let size = try #require(try pageSize())
        #expect(size > 6_000_000)
        let peakOfOne = try peak { _ = try pageSize() }
        usleep(1_200_000)
        let before = try memory(program)
        var clients: BackgroundProcess?
        let peakOfMany = try peak {
            let crowd = try node.namespace.start(["bash", "-c", Self.rudeClients])
            try node.eventually("all clients have an answer", limit: .seconds(30)) { crowd.output.contains("end\n") }
            clients = crowd
        }
        let held = try memory(program) - before
        #expect(Double(held) < 1.3 * Double(size) + Double(Self.slack), "\(held) bytes are held for a page of \(size)")
        #expect(peakOfMany < max(peakOfOne, size) + Self.slack, "\(peakOfMany) bytes, for one client \(peakOfOne)")
        let answers = clients?.output ?? ""
        #expect(answers.components(separatedBy: " 200 OK").count - 1 == 16, "\(answers)")
        let refusal = "16 clients are reading this page already, which is the most at a time; try again later\n"
        #expect(answers.components(separatedBy: refusal).count - 1 == 44)

        // Others are served at once with anything else, and soon with the page, in place of those that do not read.
        let start = ContinuousClock.now
        #expect(try node.get("127.0.0.1:10249/healthz")?.status == 200)
        #expect(try node.get("127.0.0.1:10256/healthz")?.status == 200)
        #expect(try node.get("127.0.0.1:10249/metrics")?.status == 200)
        #expect(start.duration(to: .now) < .seconds(5))
        usleep(1_000_000)
        #expect(try pageSize() == size)
        let metrics = try #require(try node.get("127.0.0.1:10249/metrics")).body
        func refusals(_ reason: String) -> String? {
            let name = #"kubetables_http_refusals_total{reason="\#(reason)"} "#
            return metrics.split(separator: "\n").first { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
        }
        #expect(refusals("too_many_readers") == "44")
        #expect(refusals("unread_answer") == "16")
        #expect(program.errors.components(separatedBy: "too many clients read a large page").count == 2)
        clients?.signal(SIGKILL)
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

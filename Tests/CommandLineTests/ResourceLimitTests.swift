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

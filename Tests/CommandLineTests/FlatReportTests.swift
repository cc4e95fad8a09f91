// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What reports have about rules in the flat layout.
@Suite("Reports about flat rules") struct FlatReportTests {
    private static let objects = Repository.fixtures.appending(path: "walkthrough/affinity/objects.yaml").path

    private func report(_ arguments: String...) throws -> String {
        try Subprocess.check(
            [Repository.tool] + arguments + ["-f", Self.objects, "--rule-layout", "flat", "--node-ip", "192.168.50.10"])
    }

    @Test("name the endpoint that the hash of an IPv6 client chooses")
    func ipv6() throws {
        let objects = """
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {sessionAffinity: ClientIP, clusterIP: "fd00:96::80", ipFamilies: [IPv6], ports: [{port: 80}]}
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web, labels: {kubernetes.io/service-name: web}}
            addressType: IPv6
            ports: [{port: 8080}]
            endpoints: [{addresses: ["fd00:244::1"]}, {addresses: ["fd00:244::2"]}, {addresses: ["fd00:244::3"]}]
            """
        func report(_ arguments: [String]) throws -> String {
            let options = ["-f", "-", "--rule-layout", "flat", "--node-ip", "fd00:192:168:50::10"]
            return try Subprocess.check([Repository.tool] + arguments + options, input: objects)
        }
        #expect(try report(["explain", "default/web"]).contains("a hash of the client's address chooses the endpoint"))
        var endpoints: Set<Substring> = []
        for client in 1...12 {
            let trace = try report(["trace", "--from", "2001:db8::\(client)", "--to", "[fd00:96::80]:80"])
            let choice = try #require(
                trace.firstMatch(of: #/this client always gets (\[fd00:244::[123]\]:8080)/#), "\(trace)")
            #expect(trace.components(separatedBy: "=> ").count == 2, "one endpoint, whatever chance")
            endpoints.insert(choice.1)
        }
        #expect(endpoints.count > 1)
    }

    @Test("name the hash that keeps clients at an endpoint")
    func affinity() throws {
        let explanation = try report("explain", "default/myapp")
        #expect(explanation.contains("a hash of the client's address chooses the endpoint"))
        #expect(!explanation.contains("10800"))
        #expect(try report("get", "services", "-o", "json").contains("\"sessionAffinityMode\":\"hash\""))
        let trace = try report("trace", "--from", "192.168.50.20", "--to", "192.168.50.10:30080")
        #expect(trace.contains("this client always gets 10.244."))
        #expect(trace.components(separatedBy: "=> ").count == 2, "one endpoint, whatever chance")
    }
}

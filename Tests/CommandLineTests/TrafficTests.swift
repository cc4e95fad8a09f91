// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Real packets through the rules of the walk-through.
@Suite(.needsKernel, .serialized) struct TrafficTests {
    private static let pods = [
        "redis=10.244.1.190", "myapp-1=10.244.2.59", "myapp-2=10.244.1.191", "myapp-3=10.244.2.60",
        "client-pod=10.244.1.5",
    ]

    private func lab() throws -> Lab {
        let lab = try Lab(pods: Self.pods)
        try lab.serve("redis", port: 6379)
        for pod in ["myapp-1", "myapp-2", "myapp-3"] { try lab.serve(pod, port: 80) }
        return lab
    }

    private func apply(_ state: String, _ lab: Lab) throws {
        let fixture = Fixture(folder: Repository.fixtures.appending(path: state))
        let result = try lab.attempt(
            "node", [Repository.tool, "apply", "-f", fixture.objects] + fixture.options)
        try #require(result.status == 0, "\(result.errors)")
    }

    @Test func aClusterIPLeadsToItsPod() throws {
        let lab = try lab()
        #expect(try lab.ask("client-pod", "10.97.218.31:6379", count: 1).isEmpty)
        try apply("walkthrough", lab)
        #expect(try lab.ask("client-pod", "10.97.218.31:6379", count: 10) == ["redis": 10])
        // A pod that asks for itself gets an answer too: the hairpin is masqueraded.
        #expect(try lab.ask("redis", "10.97.218.31:6379", count: 3) == ["redis": 3])
    }

    @Test func connectionsAreSpreadEvenly() throws {
        let lab = try lab()
        try apply("walkthrough", lab)
        for (host, address) in [("client", "192.168.50.10:30080"), ("client-pod", "10.108.102.12:80")] {
            let answers = try lab.ask(host, address, count: 300)
            #expect(answers.values.reduce(0, +) == 300)
            // 100 are expected of each, with a standard deviation of 8: beyond 55 and 145 something is wrong.
            for pod in ["myapp-1", "myapp-2", "myapp-3"] {
                #expect((55...145).contains(answers[pod] ?? 0), "\(host): \(answers)")
            }
        }
    }

    @Test func affinityKeepsAClientAtOnePod() throws {
        let lab = try lab()
        try apply("walkthrough/affinity", lab)
        #expect(try lab.ask("client", "192.168.50.10:30080", count: 100).count == 1)
        #expect(try lab.ask("client-pod", "10.108.102.12:80", count: 100).count == 1)
    }

    @Test func scalingIsFollowedAndNoEndpointMeansRefusal() throws {
        let lab = try lab()
        try apply("walkthrough", lab)
        try apply("walkthrough/scaled-to-one", lab)
        #expect(try lab.ask("client", "192.168.50.10:30080", count: 20) == ["myapp-1": 20])
        try apply("walkthrough/scaled-to-none", lab)
        for (host, address) in [("client", "192.168.50.10:30080"), ("client-pod", "10.108.102.12:80")] {
            let result = try lab.attempt(host, ["curl", "-s", "--max-time", "5", "http://\(address)/"])
            // 7: the connection was refused; 28 would be the time limit.
            #expect(result.status == 7, "\(host) \(address)")
        }
        let cleanup = try lab.attempt("node", [Repository.tool, "cleanup"])
        #expect(cleanup.status == 0)
        #expect(try lab.ask("client-pod", "10.97.218.31:6379", count: 1).isEmpty)
    }
}

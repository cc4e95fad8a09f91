// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import NetworkTypes
import TestSupport
import Testing

/// Real connections of clients that are to stay at one endpoint, when it dies.
@Suite("Clients with session affinity when their endpoint dies", .needsKernel) struct RetryAndAffinityTests {
    private static let affinity = "{sessionAffinity: ClientIP}"

    @Test(
        "are let go to another one, and stay there",
        arguments: [(IPFamily.ipv4, "recent"), (.ipv4, "hash"), (.ipv6, "hash")])
    func release(family: IPFamily, mode: String) throws {
        let lab = try FailureLab(family)
        try lab.lab.serve(FailureLab.Pod.refusing.name, port: 8080)
        try lab.write(
            [.alive, .refusing],
            annotations: "kubetables.io/retry: \"true\", kubetables.io/session-affinity-mode: \(mode)",
            specification: Self.affinity)
        try lab.run("kube-proxy", ["--failed-endpoint-delay", "60s"])
        let before = try lab.lab.ask("client-pod", lab.place(.pod), count: 5)
        #expect(before.count == 1, "\(before)")
        let pinned = try #require(before.keys.first)
        try lab.endServers(of: pinned)
        // The first one is refused, and tries again.
        let outcome = try lab.connect(.pod, 20)
        #expect(outcome.succeeded == 20 && outcome.slowest < 4 && outcome.slow == 1, "\(outcome)")
        let after = try lab.lab.ask("client-pod", lab.place(.pod), count: 5)
        #expect(after.count == 1 && after.keys.first != pinned, "\(after)")
    }
}

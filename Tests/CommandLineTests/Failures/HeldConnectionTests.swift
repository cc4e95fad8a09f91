// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import NetworkTypes
import TestSupport
import Testing

/// Ten thousand connections that are open while endpoints are avoided, ejected and get connections again.
@Suite("Open connections when endpoints die", .needsKernel, .serialized) struct HeldConnectionTests {
    private static let annotations = "kubetables.io/retry: \"true\", kubetables.io/outlier-ejection: \"true\""

    @Test(
        "of ten thousand open connections none is touched, whatever becomes of their endpoints",
        arguments: IPFamily.allCases)
    func manyOpenConnections(family: IPFamily) throws {
        let lab = try FailureLab(family, .allAlive)
        try lab.write(annotations: Self.annotations)
        // A Service with neither, and the same pods.
        try lab.folder.write("other.yaml", lab.objects("other", clusterIP: lab.otherClusterIP))
        try lab.run(
            "flat",
            [
                "--failed-endpoint-delay", "4s", "--ejection-consecutive-failures", "2", "--ejection-base-time", "4s",
                "--ejection-max-time", "4s",
            ])
        let holders = try [
            (FailureLab.Client.pod, lab.place(.pod), 4000), (.outside, lab.place(.outside), 3000),
            (.pod, lab.formatted(lab.otherClusterIP, port: 80), 3000),
        ].map { client, address, count in
            (count, try ConnectionLoad.hold(address, on: client.rawValue, of: lab.lab, count: count))
        }
        for (count, holder) in holders {
            #expect(try holder.waitForOutput(after: "held ", limit: .seconds(60)) == "\(count)")
        }
        #expect(try openFlows(lab) >= 10_000)

        try lab.failNewConnections()
        let deadline = ContinuousClock.now + .seconds(60)
        while !(lab.log.contains("is no longer avoided") && lab.log.contains("is no longer ejected")) {
            try #require(ContinuousClock.now < deadline, "\(lab.log.suffix(8_000))")
            let client = try ConnectionLoad.open(
                lab.place(.pod), on: "client-pod", of: lab.lab, rate: 20, seconds: 2, patience: 20)
            _ = try client.wait()
            let outcome = try ConnectionLoad.Outcome(client.output)
            #expect(outcome.answered == outcome.total, "\(outcome)")
        }
        #expect(try lab.metric("kubetables_connection_retries_total") > 0)
        #expect(try lab.metric("kubetables_endpoint_ejections_total") > 0)

        #expect(try openFlows(lab) >= 10_000)
        for (count, holder) in holders {
            holder.signal(SIGUSR1)
            #expect(try holder.waitForOutput(after: "kept ", limit: .seconds(60)) == "\(count)")
        }
    }

    /// How many connections the node has that are open.
    private func openFlows(_ lab: FailureLab) throws -> Int {
        let count = try lab.lab.run("node", ["grep", "-c", "ESTABLISHED", "/proc/net/nf_conntrack"])
        return Int(count.split(separator: "\n").first ?? "") ?? 0
    }
}

// SPDX-License-Identifier: Apache-2.0

import SoakSupport
import TestSupport
import Testing

/// A pod that is killed without a word, while clients of both IP families open connections all the time.
///
/// `make soak` opens 1,000 connections in a second; without it there are fewer, for a shorter time.
extension SoakTests {
    private static let rate = isLong ? 1000 : 200
    private static let killedPodSeconds = isLong ? 30 : 9

    @Test("with retry a pod that is killed without a word costs no connection", arguments: ["kube-proxy", "flat"])
    func killedPodWithRetry(layout: String) throws {
        let lab = try KilledPodLab(layout: layout, retry: true)
        let outcomes = try lab.connect(rate: Self.rate, seconds: Self.killedPodSeconds, patience: 15)
        for outcome in outcomes {
            #expect(outcome.unopened == 0, "\(outcome)\n\(lab.log.suffix(8_000))")
            // What was open when the pod died cannot be saved: what a client opens in a tenth of a second, at most.
            #expect(outcome.interrupted <= Self.rate / 10 / outcomes.count, "\(outcome)")
            // Otherwise no connection has met the dead pod.
            #expect(outcome.slow > 0, "\(outcome)")
        }
        report("with retry, layout \(layout)", outcomes)
    }

    @Test("without retry, connections to a pod that is killed fail")
    func killedPodWithoutRetry() throws {
        let lab = try KilledPodLab(layout: "kube-proxy", retry: false)
        let outcomes = try lab.connect(rate: Self.rate, seconds: Self.killedPodSeconds, patience: 3)
        let failed = outcomes.reduce(0) { $0 + $1.unopened }
        let afterwards = Self.rate * Self.killedPodSeconds * 2 / 3
        // A third of those that are opened after the pod's death; the limits are far beyond chance.
        #expect((afterwards / 5...afterwards / 2).contains(failed), "\(failed) of \(afterwards): \(outcomes)")
        report("without retry", outcomes)
    }

    private func report(_ title: String, _ outcomes: [ConnectionLoad.Outcome]) {
        let total = outcomes.reduce(0) { $0 + $1.total }
        let unopened = outcomes.reduce(0) { $0 + $1.unopened }
        let interrupted = outcomes.reduce(0) { $0 + $1.interrupted }
        let slow = outcomes.reduce(0) { $0 + $1.slow }
        print(
            """
            killed pod, \(title): \(Self.rate) connections in a second for \(Self.killedPodSeconds) s: \(unopened) of \
            \(total) failed, \(interrupted) were interrupted, \(slow) were slow, the slowest took \
            \(outcomes.map(\.slowest).max() ?? 0) ms
            """)
    }
}

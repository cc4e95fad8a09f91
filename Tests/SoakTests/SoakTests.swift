// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import SoakSupport
import TestSupport
import Testing

/// The loop under everything that can happen to it at once, with clients that must not notice.
///
/// An API server, kubetables, pods and clients play in a lab of network namespaces. For a minute, or for the seconds that
/// KUBETABLES_SOAK_SECONDS says (`make soak`: ten minutes), endpoints, Services, affinity and policies change at random,
/// watches break in every way, and another process edits the tables. Throughout, clients connect to Services that always
/// have a ready endpoint. The random choices depend on KUBETABLES_SOAK_SEED only.
@Suite(.needsKernel, .serialized) struct SoakTests {
    private static let environment = ProcessInfo.processInfo.environment
    /// Whether this is `make soak`.
    static let isLong = environment["KUBETABLES_SOAK_SECONDS"] != nil
    private static let seconds = environment["KUBETABLES_SOAK_SECONDS"].flatMap(Int.init) ?? 60
    private static let seed = environment["KUBETABLES_SOAK_SEED"].flatMap(UInt64.init) ?? .random(in: 0..<1_000_000)

    @Test func noConnectionFailsAndTheKernelEndsInStep() throws {
        let soak = try Soak(seed: Self.seed)
        let clients = try soak.startClients(seconds: Self.seconds)
        let memoryBefore = try soak.residentKilobytes()
        let steps = try soak.churn(until: .now + .seconds(Self.seconds))
        let memoryAfter = try soak.residentKilobytes()

        var connections = 0
        for client in clients {
            let result = try client.finish()
            connections += result.succeeded
            #expect(result.failures.isEmpty, "seed \(Self.seed): \(client.description): \(result.failures)")
            #expect(result.succeeded > Self.seconds, "\(client.description) only made \(result.succeeded) connections")
        }
        let difference = try soak.finalDifference()
        #expect(
            difference.isEmpty,
            "seed \(Self.seed): the kernel is not in sync: \(difference)\n\(soak.program.errors.suffix(8_000))")
        #expect(try soak.foreignRulesAreThere())
        let commits = soak.program.errors.components(separatedBy: "took compile").count - 1
        let drifts = soak.program.errors.components(separatedBy: ": drift repaired in ").count - 1
        #expect(drifts > 0, "drift was made \(steps.drifts) times, and never noticed")
        // What grows with each change would show after hundreds of them; what the allocator keeps does not grow.
        #expect(memoryAfter < memoryBefore + 30_000, "resident memory grew from \(memoryBefore) to \(memoryAfter) kB")

        soak.program.signal(SIGTERM)
        #expect(try soak.program.wait() == 0)
        print(
            """
            soak: seed \(Self.seed), \(Self.seconds) s: \(connections) connections, none failed; \
            \(steps.changes) changes, \(steps.faults) faults of the API, \(steps.drifts) edits by another process; \
            \(commits) synchronizations, \(drifts) times drift repaired; \
            resident memory \(memoryBefore) kB at the start, \(memoryAfter) kB at the end
            """)
    }
}

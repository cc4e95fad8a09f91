// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import RandomClusters
import RuleCompiler
import RuleEvaluation
import TestSupport

// Compares the flat layout with kube-proxy's for many random clusters, and lets it find faults (`make prove`).
//
//     layout-proof [CLUSTERS]     1,000 by default
//
// exit: 0 all are equal, and each fault was found; 1 something differs, or a fault was not found; 64 wrong usage

@main enum LayoutProof {
    /// In how many clusters each fault is tried.
    private static let faultClusters: UInt64 = 20
    /// The number of Services: mostly few, so that there are many kinds of clusters, and now and then enough for trees.
    private static func serviceCount(_ seed: UInt64) -> Int { seed % 25 == 0 ? 60 : 4 + Int(seed % 9) }

    private static let progressInterval: UInt64 = 100

    /// Prints at once, also to a file: the whole takes long.
    private static func report(_ line: String) {
        print(line)
        fflush(nil)
    }

    static func main() async {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count < 2, let count = arguments.first.map({ UInt64($0) }) ?? 1000, count > 0 else {
            print("usage: layout-proof [CLUSTERS]")
            exit(64)
        }
        let isEqual = await proveEquality(count)
        let isFound = await findFaults()
        exit(isEqual && isFound ? 0 : 1)
    }

    /// Does so many pieces of work, one on each processor at a time, and hands on what each gave, in the order in which they end.
    private static func forEach<Result: Sendable>(
        _ count: UInt64, _ work: @escaping @Sendable (UInt64) -> Result, _ receive: (Result) -> Void
    ) async {
        await withTaskGroup(of: Result.self) { group in
            for number in 0..<count {
                if number >= processors, let result = await group.next() { receive(result) }
                group.addTask { work(number) }
            }
            for await result in group { receive(result) }
        }
    }

    private static var processors: UInt64 { UInt64(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    /// What the comparison of one cluster gave: how many classes of packets, and what is wrong.
    private struct Verdict {
        var classCount = 0
        var fault: String?
    }

    private static func proveEquality(_ count: UInt64) async -> Bool {
        var (compared, classes, isEqual) = (UInt64(0), 0, true)
        let start = ContinuousClock().now
        await forEach(count, compareLayouts) { verdict in
            compared += 1
            classes += verdict.classCount
            if let fault = verdict.fault {
                isEqual = false
                report(fault)
            }
            if compared % progressInterval == 0 { report("\(compared) of \(count) clusters compared") }
        }
        let seconds = (ContinuousClock().now - start) / .seconds(1)
        let verdict = isEqual ? "equal" : "NOT EQUAL"
        report("\(count) clusters, \(classes) classes of packets, \(Int(seconds)) s: \(verdict)")
        return isEqual
    }

    private static func compareLayouts(_ seed: UInt64) -> Verdict {
        let family: IPFamily = seed % 2 == 0 ? .ipv4 : .ipv6
        let cluster = LayoutPair(seed: seed, family: family, serviceCount: serviceCount(seed))
        var verdict = Verdict()
        do {
            let result = try cluster.difference(from: cluster.ruleset(.flat))
            verdict.classCount = result.classCount
            verdict.fault = result.difference.map { "cluster \(seed), \(family.kubernetesName): \($0.words)" }
        } catch {
            verdict.fault = "cluster \(seed), \(family.kubernetesName): \(error)"
        }
        return verdict
    }

    private static func findFaults() async -> Bool {
        var areAllFound = true
        for fault in RuleFault.allCases {
            var (made, found) = (0, 0)
            await forEach(faultClusters, { isFound(fault, seed: $0) }) { isFound in
                guard let isFound else { return }
                made += 1
                if isFound { found += 1 }
            }
            if found == 0 { areAllFound = false }
            report("fault \(fault.rawValue): found in \(found) of \(made) clusters")
        }
        return areAllFound
    }

    /// Whether a fault in a cluster is found; nothing if the cluster has no rule in which it could be made.
    private static func isFound(_ fault: RuleFault, seed: UInt64) -> Bool? {
        let family: IPFamily = seed % 2 == 0 ? .ipv4 : .ipv6
        let cluster = LayoutPair(seed: seed, family: family, serviceCount: seed % 4 == 0 ? 60 : 8)
        var random = SeededGenerator(seed: seed)
        guard let faulty = fault.applied(to: cluster.ruleset(.flat), &random) else { return nil }
        return (try? cluster.difference(from: faulty).difference) != nil
    }
}

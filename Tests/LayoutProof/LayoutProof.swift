// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import RandomClusters
import RuleCompiler
import RuleEvaluation
import TestSupport

// Compares the flat layout with kube-proxy's for many random clusters, and lets it find faults (`make prove`).
//
//     layout-proof [CLUSTERS [FIRST]]     1,000 by default; from the cluster FIRST on, without faults
//
// exit: 0 all are equal, and each fault was found; 1 something differs, or a fault was not found; 64 wrong usage

@main enum LayoutProof {
    /// In how many clusters each fault is tried.
    private static let faultClusters: UInt64 = 20
    /// The number of Services: mostly few, so that there are many kinds of clusters, and now and then enough for trees.
    private static func serviceCount(_ seed: UInt64) -> Int { seed % 25 == 0 ? 60 : 4 + Int(seed % 9) }

    private static let progressInterval: UInt64 = 100
    /// A cluster that takes longer is named, so that one sees what a proof waits for.
    private static let longTime = Duration.seconds(60)

    /// Prints at once, also to a file: the whole takes long.
    private static func report(_ line: String) {
        print(line)
        fflush(nil)
    }

    static func main() async {
        let words = CommandLine.arguments.dropFirst()
        let numbers = words.compactMap { UInt32($0).map(UInt64.init) }
        guard words.count < 3, numbers.count == words.count, numbers.first != 0 else {
            print("usage: layout-proof [CLUSTERS [FIRST]]")
            exit(64)
        }
        let first = numbers.dropFirst().first
        let isEqual = await proveEquality(numbers.first ?? 1000, from: first ?? 0)
        let areFound = if first == nil { await findFaults() } else { true }
        exit(isEqual && areFound ? 0 : 1)
    }

    /// Does so many pieces of work, one on each processor at a time, and hands on what each gave, in the order in which they end.
    private static func forEach<Result: Sendable>(
        _ seeds: some Collection<UInt64>, _ work: @escaping @Sendable (UInt64) -> Result, _ receive: (Result) -> Void
    ) async {
        await withTaskGroup(of: Result.self) { group in
            for (started, seed) in seeds.enumerated() {
                if started >= processors, let result = await group.next() { receive(result) }
                group.addTask { work(seed) }
            }
            for await result in group { receive(result) }
        }
    }

    private static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// What the comparison of one cluster gave: how many classes of packets, and what is wrong.
    private struct Verdict {
        var cluster = ""
        var classCount = 0
        var fault: String?
        var duration = Duration.zero
    }

    private static func proveEquality(_ count: UInt64, from first: UInt64) async -> Bool {
        var (compared, classes, isEqual) = (UInt64(0), 0, true)
        let start = ContinuousClock().now
        // What takes long comes first, so that no processor waits for another one at the end.
        let seeds = (first..<first + count).map { (seed: $0, effort: cluster($0).effort) }
            .sorted { ($1.effort, $0.seed) < ($0.effort, $1.seed) }.map(\.seed)
        await forEach(seeds, compareLayouts) { verdict in
            compared += 1
            classes += verdict.classCount
            if let fault = verdict.fault {
                isEqual = false
                report(fault)
            }
            if verdict.duration > longTime {
                report("\(verdict.cluster) took \(Int(verdict.duration / .seconds(1))) s")
            }
            if compared % progressInterval == 0 { report("\(compared) of \(count) clusters compared") }
        }
        let seconds = (ContinuousClock().now - start) / .seconds(1)
        let verdict = isEqual ? "equal" : "NOT EQUAL"
        report("\(count) clusters, \(classes) classes of packets, \(Int(seconds)) s: \(verdict)")
        return isEqual
    }

    private static func family(_ seed: UInt64) -> IPFamily { seed % 2 == 0 ? .ipv4 : .ipv6 }

    private static func cluster(_ seed: UInt64) -> LayoutPair {
        LayoutPair(seed: seed, family: family(seed), serviceCount: serviceCount(seed))
    }

    private static func compareLayouts(_ seed: UInt64) -> Verdict {
        var verdict = Verdict(cluster: "cluster \(seed), \(family(seed).kubernetesName)")
        verdict.duration = ContinuousClock().measure {
            let cluster = cluster(seed)
            do {
                let result = try cluster.difference(from: cluster.ruleset(.flat))
                verdict.classCount = result.classCount
                verdict.fault = result.difference.map { "\(verdict.cluster): \($0.words)" }
            } catch {
                verdict.fault = "\(verdict.cluster): \(error)"
            }
        }
        return verdict
    }

    private static func findFaults() async -> Bool {
        var areAllFound = true
        for fault in RuleFault.allCases {
            var (made, found) = (0, 0)
            await forEach(0..<faultClusters, { isFound(fault, seed: $0) }) { isFound in
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
        let cluster = LayoutPair(seed: seed, family: family(seed), serviceCount: seed % 4 == 0 ? 60 : 8)
        var random = SeededGenerator(seed: seed)
        guard let faulty = fault.applied(to: cluster.ruleset(.flat), &random) else { return nil }
        return (try? cluster.difference(from: faulty).difference) != nil
    }
}

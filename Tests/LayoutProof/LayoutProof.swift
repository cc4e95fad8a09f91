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
    private static let faultClusters = 20
    /// The number of Services: mostly few, so that there are many kinds of clusters, and now and then enough for trees.
    private static func serviceCount(_ seed: UInt64) -> Int { seed % 25 == 0 ? 60 : 4 + Int(seed % 9) }

    private static let progressInterval: UInt64 = 100

    /// Prints at once, also to a file: the whole takes long.
    private static func report(_ line: String) {
        print(line)
        fflush(nil)
    }

    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count < 2, let count = arguments.first.map({ UInt64($0) }) ?? 1000, count > 0 else {
            print("usage: layout-proof [CLUSTERS]")
            exit(64)
        }
        let isEqual = proveEquality(count)
        let isFound = findFaults()
        exit(isEqual && isFound ? 0 : 1)
    }

    private static func proveEquality(_ count: UInt64) -> Bool {
        var (classes, isEqual) = (0, true)
        let start = ContinuousClock().now
        for seed in 0..<count {
            if seed > 0, seed % progressInterval == 0 { report("\(seed) of \(count) clusters compared") }
            let family: IPFamily = seed % 2 == 0 ? .ipv4 : .ipv6
            let cluster = LayoutPair(seed: seed, family: family, serviceCount: serviceCount(seed))
            do {
                let result = try cluster.difference(from: cluster.ruleset(.flat))
                classes += result.classCount
                guard let difference = result.difference else { continue }
                report("cluster \(seed), \(family.kubernetesName): \(difference.words)")
            } catch {
                report("cluster \(seed), \(family.kubernetesName): \(error)")
            }
            isEqual = false
        }
        let seconds = (ContinuousClock().now - start) / .seconds(1)
        let verdict = isEqual ? "equal" : "NOT EQUAL"
        report("\(count) clusters, \(classes) classes of packets, \(Int(seconds)) s: \(verdict)")
        return isEqual
    }

    private static func findFaults() -> Bool {
        var areAllFound = true
        for fault in RuleFault.allCases {
            var (made, found) = (0, 0)
            for seed in 0..<UInt64(faultClusters) {
                let family: IPFamily = seed % 2 == 0 ? .ipv4 : .ipv6
                let cluster = LayoutPair(seed: seed, family: family, serviceCount: seed % 4 == 0 ? 60 : 8)
                var random = SeededGenerator(seed: seed)
                guard let faulty = fault.applied(to: cluster.ruleset(.flat), &random) else { continue }
                made += 1
                if (try? cluster.difference(from: faulty).difference) != nil { found += 1 }
            }
            if found == 0 { areAllFound = false }
            report("fault \(fault.rawValue): found in \(found) of \(made) clusters")
        }
        return areAllFound
    }
}

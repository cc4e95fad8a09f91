// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// Whether the rules of the Services that must always answer are in force, as iptables-save shows them.
package struct StableRules: Sendable {
    private let lab: Lab

    package init(_ soak: Soak) { lab = soak.lab }

    /// The rules that are missing, in words; empty if all are there.
    package func missing() throws -> [String] {
        let rules = try lab.run("node", ["iptables-legacy-save", "-t", "nat"]).split(separator: "\n")
        var targets: [Substring: [Substring]] = [:]
        for rule in rules {
            let words = rule.split(separator: " ")
            guard words.first == "-A", words.count > 2, let jump = words.lastIndex(of: "-j"), jump + 1 < words.count
            else { continue }
            targets[words[1], default: []].append(words[jump + 1])
        }
        func reachesEndpoint(_ chain: Substring, depth: Int = 0) -> Bool {
            depth < 5
                && (targets[chain] ?? []).contains {
                    $0.hasPrefix("KUBE-SEP-") || reachesEndpoint($0, depth: depth + 1)
                }
        }
        func leads(_ prefix: String, _ condition: String) -> Bool {
            rules.contains { rule in
                guard rule.hasPrefix(prefix), rule.contains(condition),
                    let target = rule.split(separator: " ").drop(while: { $0 != "-j" }).dropFirst().first
                else { return false }
                return reachesEndpoint(target)
            }
        }
        return SoakCluster.stableServices.flatMap { service in
            var missing: [String] = []
            if !leads("-A KUBE-SERVICES ", "-d \(service.clusterIP)/32 ") {
                missing.append("\(service.name): cluster IP")
            }
            if !leads("-A KUBE-NODEPORTS ", "--dport \(service.nodePort) ") {
                missing.append("\(service.name): node port")
            }
            return missing
        }
    }
}

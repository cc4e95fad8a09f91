// SPDX-License-Identifier: Apache-2.0

/// The flat layout side by side with kube-proxy's, on the same cluster, in one run.
extension SideBySide {
    private static let defaultLayout = "\(size)"
    private static let flatLayout = "\(size):flat"

    /// Figures of both layouts, alternately; each goal is what the flat one may take of the time of the other.
    func measureLayouts() throws -> [Figure] {
        var full = Pair()
        var equal = Pair()
        var change = Pair()
        var affinity = Pair()
        for round in 1...Self.rounds {
            progress("round \(round) of \(Self.rounds): the layouts side by side")
            for (cluster, isFlat) in [(Self.defaultLayout, false), (Self.flatLayout, true)] {
                try cleanUp()
                full.append(try worker("sync", cluster: cluster), isOurs: isFlat)
                equal.append(try worker("sync", cluster: cluster), isOurs: isFlat)
                for task in ["change", "change-back"] {
                    change.append(try worker(task, cluster: cluster), isOurs: isFlat)
                }
            }
        }
        for (cluster, isFlat) in [(Self.defaultLayout, false), (Self.flatLayout, true)] {
            progress("a fifth of the Services with session affinity: \(cluster)")
            try cleanUp()
            _ = try worker("sync", cluster: cluster + ":much-affinity")
            affinity.append(try worker("change", cluster: cluster + ":much-affinity"), isOurs: isFlat)
        }
        return [
            full.figure("flat: full sync into empty tables", reference: "kube-proxy's layout", goal: 0.42),
            equal.figure("flat: full sync of equal tables", reference: "kube-proxy's layout", goal: 0.33),
            change.figure("flat: one endpoint changed", reference: "kube-proxy's layout", goal: 0.24),
            affinity.figure("flat: the same, 20 % session affinity", reference: "kube-proxy's layout", goal: 0.03),
        ]
    }
}

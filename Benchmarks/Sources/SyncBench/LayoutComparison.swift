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
        var sizes: [Figure] = []
        for round in 1...Self.rounds {
            progress("round \(round) of \(Self.rounds): the layouts side by side")
            for (cluster, isFlat) in [(Self.defaultLayout, false), (Self.flatLayout, true)] {
                try cleanUp()
                full.append(try worker("sync", cluster: cluster), isOurs: isFlat)
                if round == 1 { sizes += try tableSize(isFlat) }
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
        return sizes + [
            full.figure("flat: full sync into empty tables", reference: "kube-proxy's layout", goal: 0.42),
            equal.figure("flat: full sync of equal tables", reference: "kube-proxy's layout", goal: 0.33),
            change.figure("flat: one endpoint changed", reference: "kube-proxy's layout", goal: 0.24),
            affinity.figure("flat: the same, 20 % session affinity", reference: "kube-proxy's layout", goal: 0.03),
        ]
    }

    private static let largestEntryCount = 150_000.0
    private static let largestTable = 40e6

    /// What the kernel reports of table nat; the goals are those of the flat layout.
    private func tableSize(_ isFlat: Bool) throws -> [Figure] {
        let size = try run([floor, "size"]).numbers
        guard let entries = size["entries"], let bytes = size["bytes"] else { throw BenchError("no size of the table") }
        let layout = isFlat ? "flat" : "kube-proxy's layout"
        return [
            Figure(
                title: "\(layout): entries of table nat", unit: .entries, ours: Samples([entries]),
                goal: isFlat ? Self.largestEntryCount : nil),
            Figure(
                title: "\(layout): size of table nat", unit: .bytes, ours: Samples([bytes]),
                goal: isFlat ? Self.largestTable : nil),
        ]
    }
}

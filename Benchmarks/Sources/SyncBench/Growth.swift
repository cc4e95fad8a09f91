// SPDX-License-Identifier: Apache-2.0

extension SideBySide {
    private static let small = 1_000
    private static let large = 30_000
    private static let smallRounds = 5
    private static let largeRounds = 2

    /// How the time for each Service grows with their number: of a full sync and, to tell what part of it is the kernel's,
    /// of changing one rule in the same tables.
    ///
    /// The kernel looks through all lists of recent clients for each rule that uses one (`recent_table_lookup` in
    /// net/netfilter/xt_recent.c), which is quadratic; hence also a cluster without session affinity.
    func measureGrowth() throws -> [Figure] {
        progress("growth from \(Self.small) to \(Self.large) Services")
        var sync = Pair(oursCount: Self.large, theirsCount: Self.small)
        var floor = sync
        var plain = sync
        for _ in 0..<Self.smallRounds {
            sync.theirs.append(try fullSync(Self.small))
            floor.theirs.append(try deleteOneRule())
            plain.theirs.append(try fullSync(Self.small, ":no-affinity"))
        }
        sync.ours.append(try fullSync(Self.large))
        floor.ours.append(try deleteOneRule())
        plain.ours.append(try fullSync(Self.large, ":no-affinity"))

        let reference = "each of \(Self.small)"
        return [
            sync.figure("each of \(Self.large) Services", reference: reference, goal: 1.3),
            floor.figure("the same, open, delete a rule, commit", reference: reference, goal: nil),
            plain.figure("each of \(Self.large), no session affinity", reference: reference, goal: nil),
        ]
    }

    /// How the time that the change of one endpoint takes grows, for each Service, and what part of it is the kernel's.
    ///
    /// With kube-proxy's layout only without session affinity: with it, one change would take minutes.
    func measureGrowthOfChange() throws -> [Figure] {
        try [
            ("flat: a change, each of \(Self.large), no affinity", ":flat:no-affinity", 1.1),
            ("flat: a change, each of \(Self.large), 20 % affinity", ":flat:much-affinity", 1.1),
            ("kube-proxy's layout: a change, each of \(Self.large), no affinity", ":no-affinity", nil),
        ].flatMap { title, variant, goal in
            progress("growth of a change\(variant)")
            var change = Pair(oursCount: Self.large, theirsCount: Self.small)
            var floor = change
            for (size, rounds) in [(Self.small, Self.smallRounds), (Self.large, Self.largeRounds)] {
                _ = try fullSync(size, variant)
                for _ in 0..<rounds {
                    for task in ["change", "change-back"] {
                        change.append(try worker(task, cluster: "\(size)\(variant)"), isOurs: size == Self.large)
                    }
                }
                floor.append(try deleteOneRule(), isOurs: size == Self.large)
            }
            let reference = "each of \(Self.small)"
            return [
                change.figure(title, reference: reference, goal: goal),
                floor.figure("the same, open, delete a rule, commit", reference: reference, goal: nil),
            ]
        }
    }

    private func fullSync(_ size: Int, _ variant: String = "") throws -> FinishedProcess {
        try cleanUp()
        return try worker("sync", cluster: "\(size)\(variant)")
    }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import KernelTablesSuite
import NetworkTypes
import XTables

/// Two states of a cluster, applied in turn.
struct Churn {
    let family: IPFamily
    let lock: XTablesLock

    /// One of the two states.
    func state(_ number: Int) -> Ruleset {
        RandomCluster.ruleset(seed: number % 2 == 0 ? 7 : 8, family: family, services: 40)
    }

    /// Applies both in turn for ever; meant to be killed.
    func run() throws {
        let states = [state(0), state(1)]
        for round in 0... { _ = try Syncer(lock: lock).apply(states[round % 2]) }
    }

    /// Applies both in turn while others write to the same tables; fails if the result is not there each time.
    func race(rounds: Int) throws {
        let states = [state(0), state(1)]
        for round in 0..<rounds {
            _ = try Syncer(lock: lock).apply(states[round % 2])
            let plan = try Syncer(lock: lock).plan(states[round % 2])
            guard plan.isEmpty else { fail("round \(round): not what was applied: \(plan)") }
        }
    }

    /// Expects each table to be one of both states, or without anything of ours.
    func expectSettled() throws {
        let plans = try [state(0), state(1), Ruleset(family: family, tables: [])].map { try Syncer(lock: nil).plan($0) }
        for (index, table) in ["filter", "nat"].enumerated() {
            if plans.contains(where: { $0.tables[index].chains.isEmpty }) { continue }
            fail("table \(table) is neither the old nor the new one: \(plans[0].tables[index])")
        }
    }
}

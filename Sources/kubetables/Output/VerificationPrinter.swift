// SPDX-License-Identifier: Apache-2.0

import KernelTables
import NetworkTypes

/// Prints what `verify` has found: one line for each rule or chain that is missing, unexpected or out of order, and for each
/// foreign rule ahead of our jumps.
enum VerificationPrinter {
    static func print(_ plan: SyncPlan) throws {
        let family = plan.family.kubernetesName
        for table in plan.tables {
            for line in lines(table) { try Console.printLine("\(family) \(table.table): \(line)") }
        }
        if plan.isEmpty { try Console.printLine("\(family): no drift") }
    }

    private static func lines(_ table: TablePlan) -> [String] {
        let foreign = table.precedingForeignRules.map { rule in
            "foreign rule \(rule.position) of \(rule.chain) sees packets before our jumps: \(rule.text)"
        }
        return foreign + table.chains.flatMap(\.differences)
    }
}

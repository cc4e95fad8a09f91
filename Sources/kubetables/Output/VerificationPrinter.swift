// SPDX-License-Identifier: Apache-2.0

import ForeignRules
import KernelTables
import NetworkTypes

/// Prints what `verify` has found: one line for each rule or chain that is missing, unexpected or out of order, and for each
/// foreign rule ahead of our jumps.
enum VerificationPrinter {
    static func print(_ judged: JudgedPlan) throws {
        let plan = judged.plan
        let family = plan.family.kubernetesName
        for line in judged.allForeignLines { try Console.printLine(line) }
        for table in plan.tables {
            for line in table.chains.flatMap(\.differences) {
                try Console.printLine("\(family) \(table.table): \(line)")
            }
        }
        let count = judged.foreign.takingRules.count
        let foreign =
            count == 0
            ? "" : ", but \(count) foreign rule\(count == 1 ? "" : "s") can take packets to Services before our jumps"
        if plan.isEmpty { try Console.printLine("\(family): no drift\(foreign)") }
    }
}

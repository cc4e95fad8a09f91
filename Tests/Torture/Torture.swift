// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Does to the program what a node, its neighbours and its input may do, and prints a table of what was tried and found.
///
///     torture [--seconds N] [--seed N] [--part NAME]... [--quick] [--inputs PROGRAM] [--failures FOLDER]
///
/// The parts are `kills`, `writers`, `api`, and one for each kind of mutated input (`yaml`, `json`, …); without `--part` all
/// of them run. Kills, writers, the API's part and the inputs run at the same time, each for about the seconds given; parts of
/// one of these share its time (see ``TimeShares``). A part has a goal of so many tries in ten minutes, and in proportion in less; with `--quick` any number is enough.
///
/// The exit code is 0 if every part reached its goal and found nothing, 1 if one fell short, 64 for wrong arguments.
@main enum Torture {
    static func main() {
        if CommandLine.arguments.dropFirst().first == LocklessWriter.command {
            exit(LocklessWriter.main(Array(CommandLine.arguments.dropFirst(2))))
        }
        let plan: Plan
        do throws(PlanError) {
            plan = try Plan(CommandLine.arguments.dropFirst())
        } catch {
            print("torture: \(error.reason)\n\(Plan.usage)")
            exit(64)
        }
        print("torture: seed \(plan.seed), \(plan.seconds) s, failing inputs in \(plan.failures)")
        let table = OutcomeTable(outcomes: Lanes.run(lanes(plan)))
        print(table.text)
        exit(table.isGood ? 0 : 1)
    }

    /// Kills and writers mostly wait, for processes and for locks; of two processors the inputs keep one busy.
    private static func lanes(_ plan: Plan) -> [@Sendable () -> [Outcome]] {
        var lanes: [@Sendable () -> [Outcome]] = []
        if plan.has(Kills.name) { lanes.append { Kills.run(plan) } }
        if plan.has(Writers.name) { lanes.append { Writers(plan).run() } }
        if plan.has(APIFaults.name) { lanes.append { APIFaults(plan).run() } }
        if InputParts.names.contains(where: plan.has) { lanes.append { InputParts.run(plan) } }
        return lanes
    }
}

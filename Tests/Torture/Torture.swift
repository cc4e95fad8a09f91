// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Does to the program what a node, its neighbours and its input may do, and prints a table of what was tried and found.
///
///     torture [--seconds N] [--seed N] [--part NAME]... [--quick] [--inputs PROGRAM] [--failures FOLDER]
///
/// The parts are `kills`, `writers`, `api`, and one for each kind of mutated input (`yaml`, `json`, …); without `--part` all
/// of them run. The kernel's parts, the API's and the inputs run at the same time, each for about the seconds given. A part
/// has a goal of so many tries in ten minutes, and in proportion in less; with `--quick` any number is enough.
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
        let outcomes = Lanes.run([
            kernelParts(plan), plan.has(APIFaults.name) ? [{ APIFaults(plan).run() }] : [],
            InputParts.names.filter(plan.has).isEmpty ? [] : [{ InputParts(plan).run() }],
        ])
        let table = OutcomeTable(outcomes: outcomes.flatMap { $0 })
        print(table.text)
        exit(table.isGood ? 0 : 1)
    }

    /// Kills and writers one after the other, since each keeps a processor busy; each gets what time the one before left.
    private static func kernelParts(_ plan: Plan) -> [@Sendable () -> [Outcome]] {
        let end = ContinuousClock.now + .seconds(plan.seconds)
        let hasBoth = plan.has(Kills.name) && plan.has(Writers.name)
        let middle = hasBoth ? ContinuousClock.now + .seconds(Double(plan.seconds) * 0.5) : end
        return (plan.has(Kills.name) ? [{ Kills(plan, end: middle).run() }] : [])
            + (plan.has(Writers.name) ? [{ Writers(plan, end: end).run() }] : [])
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// The comparisons of kubetables with other programs, all of them in one network namespace and in one go.
///
/// What is compared runs alternately, each time in a process of its own.
struct SideBySide {
    private let directory: String
    private let lock: String
    let tool: String
    private let kubetables: String
    let floor: String

    static let size = 10_000
    static let rounds = 3
    /// How often what takes about a second is measured in each round.
    private static let repetitions = 2
    private static let restore = ["iptables-legacy-restore", "--noflush"]

    /// - Parameter directory: an empty directory for files, the lock among them.
    init(directory: String) throws(BenchError) {
        try PrivateNamespace.require()
        self.directory = directory
        lock = directory + "/xtables.lock"
        tool = URL(fileURLWithPath: CommandLine.arguments[0]).path
        let programs = URL(fileURLWithPath: tool).deletingLastPathComponent()
        kubetables = programs.appendingPathComponent("kubetables").path
        floor = programs.appendingPathComponent("LibiptcFloor").path
        // The machine's own lock may be held by programs that are no concern of this namespace.
        setenv("XTABLES_LOCKFILE", lock, 1)
    }

    func measure() throws -> [Figure] {
        let compile = try prepare()
        var full = Pair()
        var equal = Pair()
        var change = Pair()
        for round in 1...Self.rounds {
            progress("round \(round) of \(Self.rounds): \(Self.size) Services")
            try measureFull(&full)
            for _ in 0..<Self.repetitions { try measureEqual(&equal) }
            try measureChange(&change)
        }
        progress("kubetables apply")
        let apply = try measureApply()
        let growth = try measureGrowth() + measureGrowthOfChange()
        let layouts = try measureLayouts()
        return [
            full.figure("full sync into empty tables", reference: "iptables-legacy-restore", goal: 0.2),
            equal.figure("full sync of equal tables", reference: "open", goal: 1.5),
            change.figure("one endpoint changed", reference: "open, delete a rule, commit", goal: 1.3),
        ] + growth + layouts + [
            Figure(
                title: "peak memory, kubetables apply", unit: .bytes, ours: Samples([apply.peakMemory]),
                reference: ("iptables-legacy-restore", Samples(full.theirs.map(\.peakMemory))), goal: 1.3),
            Figure(
                title: "peak memory, kubetables compile", unit: .bytes, ours: Samples([compile.peakMemory]), goal: 400e6
            ),
        ]
    }

    // MARK: What is measured

    /// Makes the state as JSON and as rules for iptables-restore.
    private func prepare() throws -> FinishedProcess {
        progress("state and rules of \(Self.size) Services")
        try writeEmptyTables()
        _ = try run([tool, "state", "\(Self.size)"], output: file("cluster.json"))
        let options = ["-f", file("cluster.json"), "--hostname-override", "test-node", "--format", "restore"]
        let compile = try run([kubetables, "compile"] + options, output: file("rules"))
        _ = try run([tool, "rules", "\(Self.size)"], output: file("rules-of-objects"))
        guard FileManager.default.contentsEqual(atPath: file("rules"), andPath: file("rules-of-objects")) else {
            throw BenchError("the cluster's objects and its JSON do not give the same rules")
        }
        return compile
    }

    private func measureFull(_ pair: inout Pair) throws {
        try cleanUp()
        pair.theirs.append(try run(Self.restore, input: file("rules")))
        // They have loaded what we would have: the comparison is fair.
        try expect(worker("sync"), changes: 0...0)
        try cleanUp()
        pair.ours.append(try worker("sync"))
    }

    private func measureEqual(_ pair: inout Pair) throws {
        pair.theirs.append(try run([floor, "open"]))
        pair.ours.append(try expect(worker("sync"), changes: 0...0))
    }

    private func measureChange(_ pair: inout Pair) throws {
        pair.theirs.append(try deleteOneRule())
        try expect(worker("sync"), changes: 1...1)
        pair.ours.append(try expect(worker("change"), changes: Self.changedRules))
        pair.ours.append(try expect(worker("change-back"), changes: Self.changedRules))
    }

    /// The rules of the endpoint's own chain and those that jump to it and its neighbours.
    private static let changedRules = 1.0...50.0

    private func measureApply() throws -> FinishedProcess {
        try cleanUp()
        let options = ["--hostname-override", "test-node", "--ip-family", "ipv4", "--lock-file", lock]
        return try run([kubetables, "apply", "-f", file("cluster.json")] + options)
    }

    // MARK: How it is run

    func file(_ name: String) -> String { "\(directory)/\(name)" }

    func run(_ command: [String], input: String = "/dev/null", output: String? = nil) throws -> FinishedProcess {
        try FinishedProcess.run(command, in: directory, input: input, output: output)
    }

    /// Runs a worker; what it lacks is reported, because its figures then are those of other rules.
    func worker(_ task: String, cluster: String = "\(Self.size)") throws -> FinishedProcess {
        let process = try run([tool, task, cluster, lock])
        for line in process.output.split(separator: "\n") where line.hasPrefix(Worker.lack) {
            progress("\(task) \(cluster): \(line); these figures are without it")
        }
        return process
    }

    func deleteOneRule() throws -> FinishedProcess { try run([floor, "delete", "KUBE-SERVICES"]) }

    private static let emptyTables = "nothing"

    /// Writes what ``cleanUp()`` needs.
    func writeEmptyTables() throws { try writeTables(Self.emptyTables, nat: "") }

    /// Writes a file for iptables-restore.
    func writeTables(_ name: String, nat rules: String) throws {
        try "*filter\nCOMMIT\n*nat\n\(rules)COMMIT\n".write(toFile: file(name), atomically: false, encoding: .utf8)
    }

    /// Empties the tables: first our chains, fast, then what stays because kubelet has it as well.
    func cleanUp() throws {
        _ = try run([tool, "cleanup", lock])
        _ = try run(["iptables-legacy-restore"], input: file(Self.emptyTables))
    }

    @discardableResult
    private func expect(_ process: FinishedProcess, changes: ClosedRange<Double>) throws -> FinishedProcess {
        let found = process.numbers["changes"] ?? -1
        guard changes.contains(found) else { throw BenchError("\(found) rules were changed instead of \(changes)") }
        return process
    }

    func progress(_ text: String) { note("  \(text)") }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport

/// Other processes that write to the tables while we do.
///
/// With the xtables lock, as `iptables -w` takes it, none of their rules is lost. Without it the kernel takes a table that
/// was read before ours was committed, and our change is gone: `run` reports that and repairs it within its sync period.
struct Writers {
    static let name = "writers"
    private static let goal = 10_000

    private let plan: Plan

    init(_ plan: Plan) { self.plan = plan }

    func run() -> [Outcome] {
        var locked = Outcome(part: Self.name, what: "foreign rules, with the lock", goal: plan.goal(Self.goal / 2))
        let start = ContinuousClock.now
        do {
            try LockedWriters(plan).run(until: start + (plan.end - start) * 0.5, &locked)
        } catch {
            locked.fault("\(error)")
        }
        let middle = ContinuousClock.now
        locked.duration = middle - start
        var lockless = Outcome(part: Self.name, what: "foreign commits, without", goal: plan.goal(Self.goal / 2))
        do {
            try LocklessWriters(plan).run(until: plan.end, &lockless)
        } catch {
            lockless.fault("\(error)")
        }
        lockless.duration = .now - middle
        return [locked, lockless]
    }
}

/// Two processes that add and remove rules with `iptables -w`, while our rules are committed in turn as fast as it goes.
private struct LockedWriters {
    /// How many of its rules a writer leaves in place.
    private static let window = 10
    /// How many rules a writer adds before what is there is compared with what should be.
    private let batch: Int
    private let namespace: NetworkNamespace

    init(_ plan: Plan) throws {
        namespace = try NetworkNamespace()
        batch = plan.isQuick ? 25 : 100
    }

    func run(until end: ContinuousClock.Instant, _ outcome: inout Outcome) throws {
        let probe = Repository.products.appending(path: "kernel-tables-probe").path
        let churn = try namespace.start([probe, "churn", "ipv4", namespace.lockPath])
        defer {
            churn.signal(SIGKILL)
            _ = try? churn.wait()
        }
        var batches = 0
        while outcome.faults.isEmpty, outcome.hasMore(until: end) {
            let first = batches * batch
            let writers = try ["nat", "filter"].map { try writer($0, first..<(first + batch)) }
            for writer in writers {
                let status = try writer.wait()
                if status != 0 || !writer.output.isEmpty { outcome.fault("a foreign rule was lost: \(writer.output)") }
            }
            batches += 1
            outcome.tried += 2 * batch
            for table in ["nat", "filter"] {
                let found = try namespace.run("iptables-legacy-save", "-t", table).split(separator: "\n")
                    .compactMap {
                        $0.firstMatch(of: /^-A OUTPUT -m comment --comment n([0-9]+)$/).flatMap { Int($0.1) }
                    }
                let last = batches * batch
                let expected = Array(max(0, last - Self.window)..<last)
                if found != expected {
                    outcome.fault("\(table) holds the foreign rules \(found) instead of \(expected)")
                }
            }
            if kill(churn.identifier, 0) != 0 || !churn.output.isEmpty {
                outcome.fault("our writer ended: \(churn.output)")
            }
        }
        outcome.notes = ["\(outcome.tried * 2 - 2 * Self.window) commits of theirs"]
    }

    /// Adds a rule and removes the one ten before, for each number; prints what fails.
    private func writer(_ table: String, _ numbers: Range<Int>) throws -> BackgroundProcess {
        let edit = "iptables-legacy -w -t \(table)"
        let script = """
            i=\(numbers.lowerBound)
            while [ $i -lt \(numbers.upperBound) ]; do
                \(edit) -A OUTPUT -m comment --comment n$i 2>&1 || echo "n$i was not added"
                old=$((i - \(Self.window)))
                if [ $old -ge 0 ]; then
                    \(edit) -D OUTPUT -m comment --comment n$old 2>&1 || echo "n$old was not there"
                fi
                i=$((i + 1))
            done
            """
        return try namespace.start(["sh", "-c", script])
    }
}

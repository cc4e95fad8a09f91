// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import NetworkTypes
import XTables

extension StoreSuite {
    /// Checks of single transactions.
    static let transactionChecks: [Check] = [
        Check(name: "a new table has its built-in chains only") { run in
            let names = try run.snapshot(.nat).chains.map { "\($0.name)" }
            run.expectEqual(names, ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"], "chains")
        },
        Check(name: "changes are visible after the commit, and not before") { run in
            let transaction = try run.open()
            try transaction.create("A")
            try transaction.append(try run.entry(Rule(target: .return)), "A")
            run.expectEqual(try run.texts("A"), nil, "before")
            try transaction.commit()
            run.expectEqual(try run.texts("A"), ["-A A -j RETURN"], "after")
        },
        Check(name: "a transaction that is not committed leaves nothing") { run in
            let transaction = try run.open()
            try transaction.create("A")
            run.expectEqual(try run.snapshot()["A"], nil, "chain")
        },
        Check(name: "user chains come by name, whenever they were made") { run in
            for names in [["C", "A"], ["B", "0", "D"]] {
                let transaction = try run.open()
                for name in names { try transaction.create(name) }
                try transaction.commit()
            }
            let names = try run.snapshot().chains.filter { !$0.isBuiltIn }.map { "\($0.name)" }
            run.expectEqual(names, ["0", "A", "B", "C", "D"], "order")
        },
        Check(name: "rules are inserted, replaced and removed by place") { run in
            let transaction = try run.open()
            try transaction.create("A")
            func rule(_ text: String) throws -> [UInt8] {
                try EntryCodec.entry(of: Rule(matches: [.comment(text)]), family: transaction.family)
            }
            try transaction.append(try rule("b"), "A")
            try transaction.insert(try rule("a"), 0, "A")
            try transaction.insert(try rule("d"), 2, "A")
            try transaction.insert(try rule("x"), 2, "A")
            try transaction.replace(2, try rule("c"), "A")
            try transaction.append(try rule("e"), "A")
            try transaction.deleteRule(0, "A")
            try transaction.commit()
            let wanted = ["b", "c", "d", "e"].map { "-A A -m comment --comment \($0)" }
            run.expectEqual(try run.texts("A"), wanted, "rules")
        },
        Check(name: "places outside a chain are refused") { run in
            let transaction = try run.open()
            try transaction.create("A")
            let entry = try run.entry(Rule(target: .return))
            run.expectFailure(E2BIG, "insert") { try transaction.insert(entry, 1, "A") }
            run.expectFailure(E2BIG, "replace") { try transaction.replace(0, entry, "A") }
            run.expectFailure(E2BIG, "delete") { try transaction.deleteRule(0, "A") }
            run.expectFailure(ENOENT, "append") { try transaction.append(entry, "B") }
        },
        Check(name: "chains are refused as libiptc refuses them") { run in
            let transaction = try run.open()
            try transaction.create("A")
            try transaction.create("B")
            try transaction.append(try run.entry(Rule(target: .jump("B"))), "A")
            run.expectFailure(EEXIST, "twice") { try transaction.create("A") }
            run.expectFailure(EEXIST, "verdict") { try transaction.create("ACCEPT") }
            run.expectFailure(EEXIST, "built-in") { try transaction.create("OUTPUT") }
            run.expectFailure(ENOENT, "delete missing") { try transaction.delete("C") }
            run.expectFailure(ENOENT, "flush missing") { try transaction.flush("C") }
            run.expectFailure(EINVAL, "delete built-in") { try transaction.delete("OUTPUT") }
            run.expectFailure(EMLINK, "delete referenced") { try transaction.delete("B") }
            run.expectFailure(ENOTEMPTY, "delete filled") { try transaction.delete("A") }
            for length in [29, 31, 32, 200] {
                let name = String(repeating: "N", count: length)
                run.expectFailure(EINVAL, "\(length) bytes") { try transaction.create(name) }
            }
            try transaction.create(String(repeating: "N", count: 28))
            try transaction.flush("A")
            try transaction.delete("B")
            try transaction.delete("A")
            try transaction.commit()
        },
        Check(name: "a jump to a chain that is not there is refused, and nothing changes") { run in
            let transaction = try run.open()
            try transaction.create("A")
            try transaction.append(try run.entry(Rule(target: .jump("NOWHERE"))), "A")
            run.expectFailure(ENOENT, "commit") { try transaction.commit() }
            run.expectEqual(try run.snapshot()["A"], nil, "chain")
        },
        Check(name: "a loop that a packet can reach is refused, and nothing changes") { run in
            let transaction = try run.open()
            try transaction.create("A")
            try transaction.create("B")
            try transaction.append(try run.entry(Rule(target: .jump("B"))), "A")
            try transaction.append(try run.entry(Rule(target: .jump("A"))), "B")
            try transaction.append(try run.entry(Rule(target: .jump("A"))), "OUTPUT")
            run.expectFailure(ELOOP, "commit") { try transaction.commit() }
            run.expectEqual(try run.snapshot()["A"], nil, "chain")
        },
        Check(name: "a commit is refused when the number of entries has changed") { run in
            let first = try run.open()
            let second = try run.open()
            try first.create("A")
            try second.create("B")
            try first.commit()
            run.expectFailure(EAGAIN, "commit") { try second.commit() }
            let names = try run.snapshot().chains.filter { !$0.isBuiltIn }.map { "\($0.name)" }
            run.expectEqual(names, ["A"], "chains")
        },
        Check(name: "every kind of rule comes back as it went in") { run in
            let rules = SampleRules.all(run.family)
            let transaction = try run.open(.filter)
            try transaction.create("JUMPED-TO")
            try transaction.create("A")
            for rule in rules { try transaction.append(try run.entry(rule), "A") }
            try transaction.commit()
            let found = try run.snapshot(.filter)["A"]?.entries.map(\.rule)
            run.expectEqual(found?.count, rules.count, "number")
            for (found, wanted) in zip(found ?? [], rules) { run.expectEqual(found, .known(wanted), "rule") }
        },
    ]
}

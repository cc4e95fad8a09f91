// SPDX-License-Identifier: Apache-2.0

import Foundation
import KernelTables
import NetworkTypes
import TestSupport
import Testing
import XTables

/// What is printed of foreign rules with every extension of iptables, compared with iptables-save.
@Suite("Foreign rules", .needsKernel)
struct ForeignEntryKernelTests {
    @Test(
        "are printed as iptables-save prints them, or with a mark in place of an extension",
        arguments: IPFamily.allCases)
    func printed(family: IPFamily) throws {
        let namespace = try NetworkNamespace()
        let command = family == .ipv4 ? "iptables" : "ip6tables"
        var loaded = 0
        var refused: [String] = []
        for table in Table.allCases {
            try namespace.run("\(command)-legacy", "-t", table.rawValue, "-N", "FOREIGN")
            try namespace.run("\(command)-legacy", "-t", table.rawValue, "-N", "AWAY")
            for rule in ForeignRules.all(family) where rule.table == table {
                let text = "*\(table.rawValue)\n-A FOREIGN \(rule.text)\nCOMMIT\n"
                let result = try namespace.attempt(["\(command)-legacy-restore", "--noflush"], input: text)
                if result.status == 0 { loaded += 1 } else { refused.append(rule.text) }
            }
        }
        let expected = rules(try namespace.run("\(command)-legacy-save"))
        let probe = Repository.products.appending(path: "kernel-tables-probe").path
        let found = rules(try namespace.run(probe, "save", family.rawValue)).map(withoutCounters)
        #expect(expected.count == loaded && found.count == loaded)
        var unknown: [String] = []
        for (expected, found) in zip(expected, found) where found != expected {
            unknown.append(found)
            #expect(isEqual(found, apartFromUnknownParts: expected), "\(found), but iptables-save: \(expected)")
        }
        print(
            """
            \(command): \(loaded) foreign rules loaded, \(loaded - unknown.count) printed as iptables-save prints them, \
            \(unknown.count) with unknown parts; \(refused.count) refused by this kernel
            """)
        for line in unknown { print("  unknown: \(line)") }
        for line in refused { print("  refused: \(line)") }
        // What a node's other programs mostly write must be understood.
        #expect(loaded - unknown.count >= ForeignRules.leastEqual(family), "\(unknown)")
    }

    @Test("are tried here with every extension that iptables has")
    func complete() throws {
        let names = ForeignRules.libraryNames
        guard !names.isEmpty else { return }
        let rules = IPFamily.allCases.flatMap { ForeignRules.all($0).map(\.text) }
        let words = Set(rules.flatMap { $0.split(separator: " ").map(String.init) })
        let missing = names.subtracting(words).subtracting(ForeignRules.otherTables)
        #expect(missing.isEmpty, "\(missing.sorted())")
    }

    /// The rules of the chain FOREIGN in their order, those of the table filter first.
    private func rules(_ text: String) -> [String] {
        let tables = text.split(separator: "*")
        return Table.allCases.flatMap { table in
            tables.filter { $0.hasPrefix("\(table.rawValue)\n") }.flatMap { $0.split(separator: "\n") }
        }.filter { $0.contains("-A FOREIGN") }.map(String.init)
    }

    private func withoutCounters(_ line: String) -> String {
        line.hasPrefix("[") ? String(line.drop { $0 != "]" }.dropFirst(2)) : line
    }

    /// Whether two lines are equal but for options of extensions, which the first has `[unknown: …]` in place of.
    private func isEqual(_ found: String, apartFromUnknownParts expected: String) -> Bool {
        let parts = found.split(separator: #/ \[unknown: \d+ bytes\]/#, omittingEmptySubsequences: false)
        guard parts.count > 1, expected.hasPrefix(parts[0]), expected.hasSuffix(parts[parts.count - 1]) else {
            return false
        }
        var rest = expected.dropFirst(parts[0].count)
        for part in parts.dropFirst() where !part.isEmpty {
            guard let place = rest.firstRange(of: part) else { return false }
            rest = rest[place.upperBound...]
        }
        return true
    }
}

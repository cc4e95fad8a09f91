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
        let expected = try rules(namespace.run("\(command)-legacy-save"))
        let probe = Repository.products.appending(path: "kernel-tables-probe").path
        let found = try rules(namespace.run(probe, "save", family.rawValue)).map(withoutCounters)
        #expect(expected.count == loaded && found.count == loaded)
        var unknown: [String] = []
        for (expected, found) in zip(expected.sorted(), found.sorted()) where found != expected {
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

    /// The rules of the chain FOREIGN.
    private func rules(_ text: String) throws -> [String] {
        text.split(separator: "\n").map(String.init).filter { $0.contains("-A FOREIGN") }
    }

    private func withoutCounters(_ line: String) -> String {
        line.hasPrefix("[") ? String(line.drop { $0 != "]" }.dropFirst(2)) : line
    }

    /// Whether two lines are equal but for the options of extensions, which the first has `[unknown: …]` in place of.
    private func isEqual(_ found: String, apartFromUnknownParts expected: String) -> Bool {
        guard found.contains("[unknown: ") else { return false }
        var rest = Substring(expected)
        var isFirst = true
        for (index, part) in found.components(separatedBy: " [unknown: ").enumerated() {
            let text = index == 0 ? part : String(part.drop { $0 != "]" }.dropFirst())
            if isFirst {
                guard rest.hasPrefix(text) else { return false }
                rest = rest.dropFirst(text.count)
            } else if let range = rest.range(of: text, options: .backwards) {
                rest = rest[range.upperBound...]
            } else {
                return false
            }
            isFirst = false
        }
        return found.hasSuffix("]") || rest.isEmpty
    }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import NetworkTypes
import XTables

/// What every store must do, the kernel's and the one in memory: one list of checks, run against both.
///
/// The checks wipe the tables of the store they are given; the kernel's are run in a network namespace of their own.
public struct StoreSuite: Sendable {
    /// One check.
    public struct Check: Sendable, CustomStringConvertible {
        /// What is checked.
        public let name: String
        let body: @Sendable (inout CheckRun) throws -> Void

        /// What is checked.
        public var description: String { name }

        /// Runs the check against a store; answers what went wrong.
        public func run(_ store: any KernelTableStore, family: IPFamily) -> [String] {
            var run = CheckRun(store: store, family: family)
            do {
                try run.wipe()
                try body(&run)
                try run.wipe()
            } catch {
                run.failures.append("unexpected error: \(error)")
            }
            return run.failures.map { "\(name): \($0)" }
        }
    }

    /// All checks.
    public static let checks: [Check] = transactionChecks + syncerChecks + alteredRuleChecks
}

/// A check in progress.
public struct CheckRun {
    let store: any KernelTableStore
    let family: IPFamily
    var failures: [String] = []

    var syncer: Syncer { Syncer(store: store, lock: nil) }

    mutating func expect(_ condition: Bool, _ what: String) {
        if !condition { failures.append(what) }
    }

    mutating func expectEqual<Value: Equatable>(_ found: Value, _ wanted: Value, _ what: String) {
        if found != wanted { failures.append("\(what): found \(found), wanted \(wanted)") }
    }

    /// Expects a failure with an error number.
    mutating func expectFailure(_ number: Int32, _ what: String, _ body: () throws -> Void) {
        do {
            try body()
            failures.append("\(what): no error, wanted \(number)")
        } catch let failure as KernelFailure {
            expectEqual(failure.errorNumber, number, "\(what) (\(failure))")
        } catch {
            failures.append("\(what): \(error)")
        }
    }

    func open(_ table: Table = .nat) throws -> any TableTransaction { try store.open(table, family: family) }

    func snapshot(_ table: Table = .nat) throws -> TableSnapshot {
        try TableSnapshot(table, family: family, store: store)
    }

    /// The rules of a chain, as text.
    func texts(_ chain: ChainName, _ table: Table = .nat) throws -> [String]? {
        try snapshot(table)[chain]?.entries.map { $0.rule.text(chain: chain, family: family) }
    }

    func entry(_ rule: Rule) throws -> [UInt8] { try EntryCodec.entry(of: rule, family: family) }

    /// Makes the tables as empty as they are in a new namespace.
    func wipe() throws {
        for table in Table.allCases {
            let transaction = try open(table)
            let chains = TableSnapshot(transaction).chains
            for chain in chains where !chain.entries.isEmpty {
                try "\(chain.name)".withCString { try transaction.flushChain($0) }
            }
            for chain in chains where !chain.isBuiltIn {
                try "\(chain.name)".withCString { try transaction.deleteChain($0) }
            }
            if chains.contains(where: { !$0.isBuiltIn || !$0.entries.isEmpty }) { try transaction.commit() }
        }
    }
}

extension TableTransaction {
    func create(_ chain: String) throws { try chain.withCString { try createChain($0) } }
    func delete(_ chain: String) throws { try chain.withCString { try deleteChain($0) } }
    func flush(_ chain: String) throws { try chain.withCString { try flushChain($0) } }
    func append(_ entry: [UInt8], _ chain: String) throws {
        try entry.withUnsafeBytes { bytes in try chain.withCString { try append(bytes, to: $0) } }
    }
    func insert(_ entry: [UInt8], _ index: Int, _ chain: String) throws {
        try entry.withUnsafeBytes { bytes in try chain.withCString { try insert(bytes, at: index, in: $0) } }
    }
    func replace(_ index: Int, _ entry: [UInt8], _ chain: String) throws {
        try entry.withUnsafeBytes { bytes in try chain.withCString { try replace(at: index, with: bytes, in: $0) } }
    }
    func deleteRule(_ index: Int, _ chain: String) throws {
        try chain.withCString { try deleteRule(at: index, in: $0) }
    }
}

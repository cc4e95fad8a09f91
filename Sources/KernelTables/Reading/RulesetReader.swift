// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import XTables

/// Reads whole tables of a kernel as values: every chain and rule, whoever wrote them.
///
/// The lock is not taken: the kernel hands a table out whole, as it is at one moment. Every rule becomes a value of its
/// own, so reading takes longer than a comparison, about 2 µs and 1 kB for each rule.
public struct RulesetReader: Sendable {
    private let store: any KernelTableStore

    /// Reads from a store; by default from the kernel, in the network namespace of the calling thread.
    public init(store: any KernelTableStore = LibiptcStore()) { self.store = store }

    /// Reads one table.
    ///
    /// - Throws: ``KernelFailure``.
    public func read(_ table: Table, family: IPFamily) throws(KernelFailure) -> TableContent {
        Self.content(of: try store.open(table, family: family))
    }

    /// The table of a transaction, its changes included.
    package static func content(of transaction: any TableTransaction) -> TableContent {
        let decoder = EntryDecoder(family: transaction.family)
        var chains: [ChainContent] = []
        transaction.visitChains { label, isBuiltIn in
            var chain = ChainContent(
                name: ChainName(label: label), policy: isBuiltIn ? transaction.policy(of: label) : nil, rules: [])
            transaction.visitRules(of: label) { entry in
                chain.rules.append(
                    CountedRule(decoder.decode(entry), counters: entry.counters(decoder.format)))
                return true
            }
            chains.append(chain)
        }
        return TableContent(table: transaction.table, family: transaction.family, chains: chains)
    }
}

extension RuleBackend {
    /// The tables of a family that rules of Services are in, as they are now; the lock is not taken.
    ///
    /// - Throws: ``SyncError``.
    package func serviceTables(_ family: IPFamily) throws(SyncError) -> [TableContent] {
        do throws(KernelFailure) {
            return [try read(.filter, family: family), try read(.nat, family: family)]
        } catch {
            throw SyncError(error)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import XTables

/// Carries a difference out in a transaction, in the order of calls that libiptc is fastest with.
///
/// libiptc looks chains up by name in an index over a list sorted by name. A new chain is entered fastest in front of
/// that list, and rules are appended fastest while the memory of their chain and its neighbours is warm: so chains are
/// made in descending order of names and filled in ascending order (measured: 0.12 s instead of 1.33 s for 110,000).
/// Chains are removed last, when nothing refers to them any longer.
struct TableEditor {
    let desired: EncodedTable
    let difference: TableDifference

    /// Makes the changes; the transaction is not committed.
    func edit(_ transaction: any TableTransaction) throws(KernelFailure) {
        for index in difference.created.reversed() {
            try transaction.createChain(desired.label(ofChain: index))
        }
        for index in difference.created {
            let label = desired.label(ofChain: index)
            for rule in desired.rules(ofChain: index) {
                try withEntry(rule) { entry throws(KernelFailure) in try transaction.append(entry, to: label) }
            }
        }
        for edit in difference.edits {
            try edit.chain.withLabel { label throws(KernelFailure) in try apply(edit.edits, to: label, transaction) }
        }
        for chain in difference.stale where chain.ruleCount > 0 {
            try chain.chain.withLabel { label throws(KernelFailure) in try transaction.flushChain(label) }
        }
        for chain in difference.stale.reversed() where chain.foreignReferences.isEmpty {
            try chain.chain.withLabel { label throws(KernelFailure) in try transaction.deleteChain(label) }
        }
    }

    /// Applies the edits of one chain, the last one first, so that the places of the others stay right.
    private func apply(
        _ edits: [TableDifference.RuleEdit], to label: UnsafePointer<CChar>, _ transaction: any TableTransaction
    ) throws(KernelFailure) {
        for edit in edits.reversed() {
            switch edit {
            case .delete(let place, _):
                try transaction.deleteRule(at: place, in: label)
            case .insert(let place, let rule):
                try withEntry(rule) { entry throws(KernelFailure) in
                    try transaction.insert(entry, at: place, in: label)
                }
            case .replace(let place, _, let rule):
                try withEntry(rule) { entry throws(KernelFailure) in
                    try transaction.replace(at: place, with: entry, in: label)
                }
            }
        }
    }

    private func withEntry(
        _ rule: EncodedTable.RuleNumber, _ body: (UnsafeRawBufferPointer) throws(KernelFailure) -> Void
    ) throws(KernelFailure) {
        try body(desired.entry(of: rule))
    }
}

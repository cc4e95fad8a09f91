// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import XTables

/// Computes a ``TableDifference`` in one walk over the table.
final class DifferenceBuilder {
    /// What the difference is for.
    enum Purpose {
        /// The table is to hold the desired rules.
        case synchronize
        /// The table is to hold nothing of ours, nor what a former kube-proxy left; no rules are desired.
        case cleanUp
    }

    private let desired: EncodedTable
    private let kernel: any TableTransaction
    private let ownership: ChainOwnership
    private let purpose: Purpose
    private let keepsJumpsFirst: Bool
    private let decoder: EntryDecoder
    private var difference = TableDifference()
    /// The chain of ours that comes next in the order of names.
    private var nextChain = 0
    /// Chains of ours, and the foreign rules' chains that jump to them.
    private var foreignJumps: [ChainName: [ChainName]] = [:]

    private init(
        _ kernel: any TableTransaction, _ desired: EncodedTable, _ ownership: ChainOwnership, _ purpose: Purpose,
        _ keepsJumpsFirst: Bool
    ) {
        self.kernel = kernel
        self.desired = desired
        self.ownership = ownership
        self.purpose = purpose
        self.keepsJumpsFirst = keepsJumpsFirst
        decoder = EntryDecoder(family: desired.family)
    }

    /// The difference between a table and what is desired in it.
    ///
    /// - Parameter keepsJumpsFirst: whether our rules in built-in chains must stand ahead of all foreign ones.
    static func difference(
        from kernel: any TableTransaction, to desired: EncodedTable, ownership: ChainOwnership, purpose: Purpose,
        keepsJumpsFirst: Bool = false
    ) -> TableDifference {
        let builder = DifferenceBuilder(kernel, desired, ownership, purpose, keepsJumpsFirst)
        builder.walk()
        return builder.difference
    }

    private func walk() {
        difference.entriesBefore = 1
        kernel.visitChains { name, isBuiltIn in
            if isBuiltIn {
                self.difference.entriesBefore += 1
                self.compareBuiltIn(name)
            } else {
                self.difference.entriesBefore += 2
                self.meet(name)
            }
        }
        while nextChain < desired.chainCount {
            difference.created.append(nextChain)
            nextChain += 1
        }
        for index in difference.stale.indices {
            difference.stale[index].foreignReferences = foreignJumps[difference.stale[index].chain] ?? []
        }
    }

    /// Merges a chain of the kernel into the desired ones; both come in ascending order of names.
    private func meet(_ name: UnsafePointer<CChar>) {
        while nextChain < desired.chainCount {
            let order = strcmp(desired.label(ofChain: nextChain), name)
            if order > 0 { break }
            nextChain += 1
            if order < 0 {
                difference.created.append(nextChain - 1)
            } else {
                let chain = desired.chainNames[nextChain - 1]
                if ownership.entries[desired.table]?.shared.contains(chain) == true {
                    ensureShared(name, chain, desired.rules(ofChain: nextChain - 1))
                } else {
                    compare(name, chain, desired.rules(ofChain: nextChain - 1))
                }
                return
            }
        }
        meetUndesired(name)
    }

    private func meetUndesired(_ name: UnsafePointer<CChar>) {
        let chain = ChainName(label: name)
        switch ownership.owner(of: chain, in: desired.table) {
        case .ours:
            difference.stale.append(TableDifference.StaleChain(chain: chain, ruleCount: countRules(name)))
        case .leftover where purpose == .cleanUp:
            difference.stale.append(TableDifference.StaleChain(chain: chain, ruleCount: countRules(name)))
        case .leftover, .shared, .foreign:
            kernel.visitRules(of: name) { entry in
                self.difference.entriesBefore += 1
                self.noteForeign(entry, in: chain)
                return true
            }
        }
    }

    private func countRules(_ name: UnsafePointer<CChar>) -> Int {
        var count = 0
        kernel.visitRules(of: name) { _ in
            count += 1
            return true
        }
        difference.entriesBefore += count
        return count
    }

    /// Remembers a foreign rule that jumps to a chain of ours.
    private func noteForeign(_ entry: KernelEntry, in chain: ChainName) {
        guard let target = jumpToOurs(entry) else { return }
        if foreignJumps[target]?.contains(chain) != true { foreignJumps[target, default: []].append(chain) }
    }

    private func jumpToOurs(_ entry: KernelEntry) -> ChainName? {
        guard entry.hasStandardTarget(at: entry.targetOffset(decoder.format)), entry.targetName[0] != 0 else {
            return nil
        }
        let target = ChainName(label: entry.targetName)
        switch ownership.owner(of: target, in: desired.table) {
        case .ours, .leftover: return target
        case .shared, .foreign: return nil
        }
    }

    // MARK: Chains of ours

    private func compare(_ name: UnsafePointer<CChar>, _ chain: ChainName, _ rules: Range<Int>) {
        var next = rules.lowerBound
        var rest: [KernelEntry] = []
        kernel.visitRules(of: name) { entry in
            if rest.isEmpty, next < rules.upperBound, self.desired.isEqual(next, entry) {
                next += 1
            } else {
                rest.append(entry)
            }
            return true
        }
        let same = next - rules.lowerBound
        difference.entriesBefore += same + rest.count
        var end = rules.upperBound
        while let last = rest.last, end > next, desired.isEqual(end - 1, last) {
            rest.removeLast()
            end -= 1
        }
        guard !rest.isEmpty || next < end else { return }
        difference.edits.append(align(chain, first: same, rest, next..<end))
    }

    /// The edits of the part of a chain where both sides differ; its first rule stands at `first` in the chain.
    private func align(
        _ chain: ChainName, first: Int, _ entries: [KernelEntry], _ rules: Range<Int>
    ) -> TableDifference.ChainEdit {
        var kept: [RuleAlignment.Pair] = []
        var movedCount = 0
        if !entries.isEmpty, !rules.isEmpty {
            let numbers = RuleNumbers(entries, rules, of: desired, decoder)
            kept = RuleAlignment.kept(kernel: numbers.kernel, desired: numbers.desired)
            movedCount = numbers.commonCount - kept.count
        }
        var edit = TableDifference.ChainEdit(chain: chain, edits: [], movedCount: movedCount)
        var kernelPlace = 0
        var desiredPlace = 0
        for pair in kept + [RuleAlignment.Pair(kernel: entries.count, desired: rules.count)] {
            // Between two rules that stay: replace while there are both, then delete or insert what is left.
            while kernelPlace < pair.kernel || desiredPlace < pair.desired {
                let rule = rules.lowerBound + desiredPlace
                let place = first + kernelPlace
                if kernelPlace < pair.kernel, desiredPlace < pair.desired {
                    edit.edits.append(.replace(at: place, entries[kernelPlace], rule))
                    kernelPlace += 1
                    desiredPlace += 1
                } else if kernelPlace < pair.kernel {
                    edit.edits.append(.delete(at: place, entries[kernelPlace]))
                    kernelPlace += 1
                } else {
                    edit.edits.append(.insert(before: place, rule))
                    desiredPlace += 1
                }
            }
            kernelPlace += 1
            desiredPlace += 1
        }
        return edit
    }

    // MARK: Shared and built-in chains

    /// Our rules of a chain that another program writes to as well: missing ones are added behind, nothing is removed.
    private func ensureShared(_ name: UnsafePointer<CChar>, _ chain: ChainName, _ rules: Range<Int>) {
        var missing = Set(rules)
        var count = 0
        kernel.visitRules(of: name) { entry in
            count += 1
            if let found = missing.first(where: { self.desired.isEqual($0, entry) }) {
                missing.remove(found)
            } else {
                self.noteForeign(entry, in: chain)
            }
            return true
        }
        difference.entriesBefore += count
        guard !missing.isEmpty else { return }
        let edits = missing.sorted().map { TableDifference.RuleEdit.insert(before: count, $0) }
        difference.edits.append(TableDifference.ChainEdit(chain: chain, edits: edits))
    }

    /// Our rules of a built-in chain: missing ones are put on top, exact duplicates and outdated ones of ours removed.
    ///
    /// Those behind a foreign rule are moved ahead of the first one if that is desired.
    private func compareBuiltIn(_ name: UnsafePointer<CChar>) {
        let chain = ChainName(label: name)
        let rules = BuiltInChain.allCases.first { $0.name == chain }.flatMap { desired.jumps[$0] } ?? 0..<0
        var missing = Set(rules)
        var deletions: [TableDifference.RuleEdit] = []
        var displaced: [EncodedTable.RuleNumber] = []
        var firstForeign: Int?
        /// What is deleted ahead of the first foreign rule.
        var leadingDeletions = 0
        var place = 0
        kernel.visitRules(of: name) { entry in
            if let rule = rules.first(where: { self.desired.isEqual($0, entry) }) {
                if missing.remove(rule) == nil {
                    deletions.append(.delete(at: place, entry))
                } else if self.keepsJumpsFirst, firstForeign != nil {
                    displaced.append(rule)
                    deletions.append(.delete(at: place, entry))
                }
            } else if self.isOutdatedJump(entry) {
                deletions.append(.delete(at: place, entry))
            } else {
                if firstForeign == nil {
                    firstForeign = place
                    leadingDeletions = deletions.count
                }
                self.noteForeign(entry, in: chain)
            }
            place += 1
            return true
        }
        difference.entriesBefore += place
        let insertions = missing.sorted().map { TableDifference.RuleEdit.insert(before: 0, $0) }
        let moves = displaced.sorted().map { TableDifference.RuleEdit.insert(before: firstForeign ?? 0, $0) }
        let edits = insertions + deletions[..<leadingDeletions] + moves + deletions[leadingDeletions...]
        guard !edits.isEmpty else { return }
        difference.edits.append(
            TableDifference.ChainEdit(chain: chain, edits: edits, movedCount: displaced.count))
    }

    /// Whether a rule in a built-in chain bears our signature: it jumps to a chain of ours, with a comment of ours.
    private func isOutdatedJump(_ entry: KernelEntry) -> Bool {
        guard jumpToOurs(entry) != nil, case .known(let rule) = decoder.decode(entry), let comment = rule.comment
        else { return false }
        return ownership.jumpComments.contains(comment)
    }
}

extension ChainName {
    /// The name a C string has.
    init(label: UnsafePointer<CChar>) {
        let length = strnlen(label, ChainLabels.length - 1)
        self.init(kernelLabel: UnsafeRawBufferPointer(start: label, count: length))
    }

    /// Calls `body` with the name as a C string.
    func withLabel<Result, Failure: Error>(
        _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let labels = ChainLabels([self])
        return try body(labels[0])
    }
}

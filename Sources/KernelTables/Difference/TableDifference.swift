// SPDX-License-Identifier: Apache-2.0

import XTables

/// What must happen to a table of the kernel so that it holds what is desired: a value, computed without changing it.
///
/// Design goals:
/// - *Few edits.* A rule that is already there is not touched, so its counters stay. Where rules must move, as few as
///   possible do; more only where rules are repeated very often (``RuleAlignment``).
/// - *Nothing foreign is touched.* Foreign chains, and foreign rules in built-in and shared chains, take part in no edit.
/// - *Linear, and cheap where nothing changed.* Both sides come sorted by name, so they are merged; equal rules are
///   compared byte by byte where they lie, and only what is left between the first and the last difference of a chain is
///   decoded, numbered and aligned.
///
/// Invariants, for every table `kernel` and desired rules `desired`, with `after` the table the edits lead to:
/// - each desired chain is in `after` with exactly the desired rules in their order (shared chains: all of them);
/// - each of our rules for a built-in chain is in `after` once; those that were there stand where they stood, missing ones
///   stand on top in the desired order, as kube-proxy's `-I` puts them; if jumps are to be kept first, those that stood
///   behind a foreign rule stand ahead of all foreign rules, in the desired order;
/// - no chain of ours that is not desired is in `after`, unless a foreign rule jumps to it: then it is there and empty;
/// - the difference between `after` and `desired` is empty.
struct TableDifference {
    /// One change of a chain's rules; places count from 0 in the chain as it was read.
    enum RuleEdit {
        case delete(at: Int, KernelEntry)
        case insert(before: Int, EncodedTable.RuleNumber)
        case replace(at: Int, KernelEntry, EncodedTable.RuleNumber)
    }

    /// The changes of the rules of a chain that stays.
    struct ChainEdit {
        let chain: ChainName
        /// In ascending order of place.
        var edits: [RuleEdit]
        /// How many of the rules that are deleted come back at another place of the chain.
        var movedCount = 0

        /// How many rules differ; one that moves counts once.
        var changedRuleCount: Int {
            edits.reduce(-movedCount) { count, edit in
                switch edit {
                case .delete, .insert: count + 1
                case .replace: count + 2
                }
            }
        }
    }

    /// A chain of ours that is not desired.
    struct StaleChain {
        let chain: ChainName
        let ruleCount: Int
        /// The chains with foreign rules that jump to it; if there are any, it stays, empty.
        var foreignReferences: [ChainName] = []
    }

    /// Desired chains the kernel does not have, by their place among the desired chains, ascending.
    var created: [Int] = []
    var edits: [ChainEdit] = []
    var stale: [StaleChain] = []
    /// The number of entries as read: rules, two for each chain, one for each built-in chain, one at the end.
    var entriesBefore = 0

    /// Whether the kernel already holds what is desired.
    var isEmpty: Bool {
        created.isEmpty && edits.isEmpty && stale.allSatisfy { !$0.foreignReferences.isEmpty && $0.ruleCount == 0 }
    }
}

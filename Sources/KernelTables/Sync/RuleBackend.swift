// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// What makes a kernel hold rulesets: reads it, compares, changes it, and reports what its rules have counted.
///
/// Everything above knows this and no kernel interface. ``Syncer`` is the one over tables of the kernel (libiptc) or of
/// memory, down to the same errors; a suite of tests holds both to the same behaviour.
///
/// All calls are synchronous and use the network namespace of the calling thread.
public protocol RuleBackend: Sendable {
    /// Receives what rules had counted that a commit removes; `nil` if that is not needed.
    var counterKeeper: (any CounterKeeper)? { get set }
    /// Whether our rules in built-in chains are moved ahead of foreign ones again.
    var keepsJumpsFirst: Bool { get set }

    /// What ``apply(without:expecting:_:)`` would change now; changes nothing, and does not take the lock.
    ///
    /// - Throws: ``SyncError``.
    func plan(_ ruleset: Ruleset) throws(SyncError) -> SyncPlan

    /// The front ends of Services that ``apply(without:expecting:_:)`` would remove from the tables as they are now.
    ///
    /// A rule that is removed counts if it leads from one address and port, or from a node port, to a Service and no desired
    /// rule does. Endpoints do not count: a Service has them in addition to an address of its own.
    ///
    /// - Throws: ``SyncError``.
    func removedFrontEnds(_ ruleset: Ruleset) throws(SyncError) -> [RemovedFrontEnd]

    /// Makes the kernel hold a ruleset; rules that stay are not touched, and few move.
    ///
    /// - Parameters:
    ///   - excluded: features known to be missing, from an earlier report; they are not tried.
    ///   - expected: the chains whose desired rules have changed since the last run; other changes are drift, which the
    ///     report then names. Without it everything counts as desired.
    ///   - makeRuleset: makes the same ruleset each time; called again for a further attempt.
    /// - Throws: ``SyncError``.
    func apply(
        without excluded: Set<RuleFeature>, expecting expected: [Table: Set<ChainName>]?, _ makeRuleset: () -> Ruleset
    ) throws(SyncError) -> SyncReport

    /// What ``cleanup(_:)`` would change now.
    ///
    /// - Throws: ``SyncError``.
    func cleanupPlan(_ family: IPFamily) throws(SyncError) -> SyncPlan

    /// Removes our jumps and chains, and what a former kube-proxy left; shared chains stay.
    ///
    /// - Throws: ``SyncError``.
    func cleanup(_ family: IPFamily) throws(SyncError) -> SyncReport

    /// Whether all tables still have the size and outline that a run left them with; costs microseconds.
    ///
    /// - Throws: ``SyncError``.
    func isUntouched(since report: SyncReport) throws(SyncError) -> Bool

    /// Whether the tables of a family can be read at all, and the lock be opened; takes microseconds.
    ///
    /// - Throws: ``SyncError`` if this process may not, or the kernel has no such tables.
    func checkAccess(_ family: IPFamily) throws(SyncError)

    /// What a table holds: every chain and rule, whoever wrote them; the lock is not taken.
    ///
    /// - Throws: ``KernelFailure``.
    func read(_ table: Table, family: IPFamily) throws(KernelFailure) -> TableContent

    /// What the rules of a table have counted; rules with the same key are added up.
    ///
    /// - Throws: ``KernelFailure``.
    func counters(of table: Table, family: IPFamily) throws(KernelFailure) -> [CounterKey: RuleCounters]
}

extension RuleBackend {
    /// Makes the kernel hold a ruleset that is in memory already.
    ///
    /// - Parameters:
    ///   - ruleset: all rules of a family.
    ///   - excluded: features known to be missing, from an earlier report; they are not tried.
    /// - Throws: ``SyncError``. The kernel then holds what it held before, or the new filter and the old nat table.
    public func apply(_ ruleset: Ruleset, without excluded: Set<RuleFeature> = []) throws(SyncError) -> SyncReport {
        try apply(without: excluded, expecting: nil) { ruleset }
    }
}

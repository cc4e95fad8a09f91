// SPDX-License-Identifier: Apache-2.0

import KernelTables
import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

/// What of the kernel's rules stays as long as the input cannot be read completely after the start.
///
/// Which rules that may be, only the kernel knows: it is asked once, before the first commit. It is a value.
struct RuleKeeping: Sendable {
    private enum State {
        /// Everything can be read, or could be once.
        case off
        /// Rules are to be kept, and the kernel has not been asked yet.
        case unread
        case on(HeldRules)
    }

    private var state = State.off
    private var gaps = InputGaps()
    /// All Services that readable objects have named.
    private var named: Set<ServiceName> = []

    /// Whether the kernel must be asked before the next commit.
    var needsKernel: Bool { if case .unread = state { true } else { false } }

    /// Takes over what cannot be read, and Services that readable objects name.
    ///
    /// - Returns: whether other rules are kept than before.
    mutating func update(_ gaps: InputGaps, named services: Set<ServiceName>) -> Bool {
        let wasOff = self.gaps.isEmpty
        self.gaps = gaps
        guard !gaps.isEmpty else {
            defer { self = RuleKeeping() }
            return !wasOff
        }
        if wasOff { state = .unread }
        named.formUnion(services)
        guard case .on(var held) = state else { return wasOff }
        let isChanged = held.release(services)
        state = .on(held)
        return isChanged
    }

    /// Takes over what the kernel holds.
    mutating func take(_ tables: [TableContent], family: IPFamily) {
        guard needsKernel else { return }
        var held = HeldRules(tables, family: family)
        _ = held.release(named)
        state = .on(held)
    }

    /// A service port with the endpoints that only the kernel knows, if its own may be in what cannot be read.
    mutating func supplement(_ entry: ServicePortEndpoints, localNode: String) -> ServicePortEndpoints {
        guard case .on(var held) = state, gaps.mayHoldEndpoints(of: entry.servicePort.name.serviceName) else {
            return entry
        }
        // The value must be held once only, or each call would copy it.
        state = .off
        defer { state = .on(held) }
        return held.supplement(entry, localNode: localNode)
    }

    /// A snapshot with such endpoints.
    mutating func supplement(_ snapshot: ServiceSnapshot, localNode: String) -> ServiceSnapshot {
        guard case .on = state else { return snapshot }
        let entries = snapshot.servicePorts.map { supplement($0, localNode: localNode) }
        return ServiceSnapshot(family: snapshot.family, servicePorts: entries)
    }

    /// Forgets what no rule that is kept needs; comes after ``supplement(_:localNode:)`` for all service ports.
    mutating func prune() {
        guard case .on(var held) = state else { return }
        held.prune()
        state = .on(held)
    }

    /// The rules that are kept alongside those of a compilation; `nil` if none are.
    func kept(alongside compilation: Compilation) -> KeptRules? {
        guard case .on(let held) = state, !held.isEmpty else { return nil }
        let kept = KeptRules(held, alongside: compilation)
        return kept.isEmpty ? nil : kept
    }

    /// What is reported about it.
    func report(_ family: IPFamily, kept: KeptRules?) -> KeptRulesReport {
        guard case .on(let held) = state else { return KeptRulesReport(family: family) }
        return KeptRulesReport(
            family: family, services: kept?.services ?? [], chains: kept?.chainCount ?? 0, rules: kept?.ruleCount ?? 0,
            servicesWithEndpoints: held.servicesWithEndpoints.sorted(), endpoints: held.endpointCount,
            unreadable: gaps.subjects)
    }
}

// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import Host
import KernelTables
import KubernetesObjects
import NetworkTypes
import ProxyConfiguration
import RuleCompiler
import ServiceModel
import XTables

/// Keeps a node's kernel in sync with what sources report about the cluster, for as long as its ``run()`` runs.
///
///     sources ──► ProxyLoop ──► FamilyProxy (IPv4), FamilyProxy (IPv6) ──► kernel
///     (updates)   (objects,     (rules, coalescing,
///                 settings)     drift, flows)
///
/// Invariants:
/// - No rule is written before every required kind has been listed once.
/// - Updates, other options and other addresses are taken over one after the other: what each of them leads to has
///   reached all families before the next one begins.
/// - What a source does not know at the moment stays as it was: nothing is ever removed because of an error. What it has never
///   known stays as the kernel has it, until everything could be read once.
package actor ProxyLoop {
    /// The options in force.
    package private(set) var options: ProxyOptions
    private let host: any Host
    private let observer: any ProxyObserver
    let families: [FamilyProxy]
    private let connections: ConnectionWatch?

    /// What the sources have reported.
    private(set) var state: ClusterState
    /// What else the rules depend on; `nil` until that makes sense.
    private(set) var settings: CompilerSettings?
    private var interfaceAddresses: [IPAddress] = []
    private var reportedReason: String?
    private var reportedWarnings: [String] = []
    private var nodeIsLeaving = false
    private var reportedConflicts: [ServiceConflict] = []
    private let turnstile = Turnstile()

    /// - Parameters:
    ///   - options: kube-proxy's options.
    ///   - families: the families to make rules for.
    ///   - requiredKinds: the kinds that must be listed before the first rule is written.
    ///   - backend: reads and changes the tables.
    ///   - flows: deletes flows whose endpoint is gone; `nil` to leave them.
    ///   - connections: the connections that are followed to judge endpoints, where that is on; `nil` to judge none.
    ///   - traffic: follows what the rules have counted; `nil` if nothing needs it.
    ///   - host: the machine.
    ///   - observer: receives what happens.
    package init(
        options: ProxyOptions, families: [IPFamily] = IPFamily.allCases,
        requiredKinds: Set<KubernetesObject.Kind> = [.service, .endpointSlice], backend: any RuleBackend,
        flows: StaleFlowCleanup? = nil, connections: (any ConnectionSource)? = nil,
        traffic: (any TrafficFollower)? = nil, host: any Host,
        observer: any ProxyObserver
    ) {
        self.options = options
        self.host = host
        self.observer = observer
        state = ClusterState(requiredKinds: requiredKinds)
        var backend = backend
        backend.keepsJumpsFirst = options.keepsJumpsFirst
        let schedule = SyncSchedule(
            minimumPeriod: options.effectiveMinimumSyncPeriod, period: options.effectiveSyncPeriod)
        let watch = connections.map { ConnectionWatch($0, observer: observer) }
        self.connections = watch
        self.families = families.map { [backend] in
            FamilyProxy(
                $0, backend: backend, flows: flows, connections: watch, traffic: traffic, host: host,
                schedule: schedule,
                observer: observer)
        }
    }

    /// Takes over what a source reports, all of it before any rule is written.
    package func take(_ updates: [ObjectUpdate]) async {
        await turnstile.withTurn {
            var change = ClusterState.Change()
            for update in updates { change.formUnion(state.take(update)) }
            await follow(change)
        }
    }

    /// Takes over other options, without a pause in serving.
    package func reconfigure(_ options: ProxyOptions) async {
        await turnstile.withTurn {
            self.options = options
            observer.observe(.optionsChanged(options))
            for family in families {
                await family.reschedule(
                    minimumPeriod: options.effectiveMinimumSyncPeriod, period: options.effectiveSyncPeriod)
                await family.setKeepsJumpsFirst(options.keepsJumpsFirst)
                await family.setFailurePolicy(options.failurePolicy)
            }
            await reconfigure()
        }
    }

    /// Works until the task is cancelled; a commit in flight is finished, and the rules stay.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            for family in families { group.addTask { await family.run() } }
            if let connections {
                group.addTask { [families] in
                    @Sendable func proxy(_ family: IPFamily) -> FamilyProxy? { families.first { $0.family == family } }
                    await connections.run(
                        mayRelease: { await proxy($0)?.mayRelease($1) ?? $1.map { _ in false } },
                        { await proxy($0)?.take($1) })
                }
            }
            group.addTask { await self.followHost() }
        }
    }

    /// The desired rules of a family, with those of an earlier run that stay; `nil` as long as no rules can be made.
    ///
    /// Putting a large ruleset together takes a while, and is better done on a thread of its own.
    package nonisolated func desiredRules(_ family: IPFamily) async -> DesiredRules? {
        await families.first { $0.family == family }?.desired
    }

    /// From time to time takes over the machine's addresses, or reports what rules are still waiting for.
    private func followHost() async {
        while (try? await Task.sleep(for: options.effectiveSyncPeriod)) != nil {
            if state.isComplete {
                await turnstile.withTurn { await reconfigure() }
            } else {
                observer.observe(.waiting(state.missingKinds))
            }
        }
    }

    // MARK: Objects

    private func follow(_ change: ClusterState.Change) async {
        if change.touchesNodes { reportLeavingNode() }
        if !change.services.isEmpty { reportConflicts() }
        if !change.record.isEmpty {
            observer.observe(.objectsChanged(change.record.counts))
            for family in families { await family.note(change.record) }
        }
        guard state.isComplete, !change.isEmpty else { return }
        if change.completes { observer.observe(.started(ObjectCounts(state.objects))) }
        await announceGaps(change)
        if change.completes || change.touchesGaps || settings == nil {
            await replaceEverything()
        } else {
            if change.touchesNodes, await reconfigure() == .everythingReplaced { return }
            await updateServices(change.services.sorted())
        }
    }

    /// What cannot be read since the start may be behind rules in the kernel: as long as no readable object contradicts them,
    /// they stay.
    private func announceGaps(_ change: ClusterState.Change) async {
        guard change.touchesGaps || !state.gaps.isEmpty else { return }
        let services = state.objects.services
        let named = change.completes ? Set(services.keys) : change.services.filter { services[$0] != nil }
        for family in families { await family.announce(state.gaps, named: named) }
    }

    /// Reports whether the Node object marks the node as leaving; one that is gone leaves its last state in force.
    private func reportLeavingNode() {
        guard let isLeaving = state.objects.nodes[nodeName]?.isLeaving, isLeaving != nodeIsLeaving else { return }
        nodeIsLeaving = isLeaving
        observer.observe(.nodeLeaving(isLeaving))
    }

    private func reportConflicts() {
        let conflicts = state.conflicts
        guard conflicts != reportedConflicts else { return }
        reportedConflicts = conflicts
        observer.observe(.conflicts(conflicts))
    }

    private func updateServices(_ names: [ServiceName]) async {
        for family in families {
            await family.update(
                names.map { ($0, state.objects.servicePorts(of: $0, family: family.family)) })
        }
    }

    // MARK: Options, the Node object, and the machine's addresses

    var nodeName: String { options.hostname ?? host.hostname }

    private enum Reconfiguration {
        /// Some families, or none, were compiled anew.
        case partial
        /// Every family was compiled anew, so that changes of objects are in force as well.
        case everythingReplaced
    }

    /// Computes the settings again and, if they lead to other rules, compiles the families they concern anew.
    ///
    /// The one way in which options, the Node object and the machine's addresses take effect once rules are made.
    @discardableResult
    private func reconfigure() async -> Reconfiguration {
        guard state.isComplete, let new = currentSettings(), new != settings else { return .partial }
        settings = new
        var outcome = Reconfiguration.everythingReplaced
        for family in families {
            if await family.isAffected(by: new) {
                await replaceEverything(of: family, new)
            } else {
                await family.setLocalAddresses(new.interfaceAddresses)
                outcome = .partial
            }
        }
        return outcome
    }

    private func replaceEverything() async {
        guard let new = currentSettings() else { return }
        settings = new
        for family in families { await replaceEverything(of: family, new) }
    }

    private func replaceEverything(of family: FamilyProxy, _ settings: CompilerSettings) async {
        await family.setFailurePolicy(options.failurePolicy)
        await family.replaceEverything(state.objects.snapshot(family: family.family), settings: settings)
    }

    /// What the rules depend on besides Services and endpoints; `nil` if that makes no sense.
    private func currentSettings() -> CompilerSettings? {
        var options = options
        options.conntrackTCPBeLiberal = options.conntrackTCPBeLiberal ?? host.conntrackIsLiberal
        let object = state.objects.node(named: nodeName)
        if object == nil, state.requiredKinds.contains(.node) { observer.observe(.missingNode(name: nodeName)) }
        let node = options.node(named: nodeName, object: object)
        // A node has a loopback interface at least: if there is no address, the kernel would not list them.
        let addresses = host.interfaceAddresses
        if !addresses.isEmpty { interfaceAddresses = addresses }
        do {
            let settings = try options.settings(
                node: node, interfaceAddresses: interfaceAddresses,
                comparesAddresses: options.ruleLayout != .flat || host.comparesAddresses,
                hashesClients: host.hashesClients)
            reportedReason = nil
            check(options, settings)
            return settings
        } catch {
            let reason = "\(error)"
            if reason != reportedReason { observer.observe(.unusableSettings(reason: reason)) }
            reportedReason = reason
            return nil
        }
    }

    /// Reports options that do less, or other things, on this node than their author may have meant.
    private func check(_ options: ProxyOptions, _ settings: CompilerSettings) {
        let check = ConfigurationCheck(
            options, settings, families: families.map(\.family), serviceFamilies: state.objects.serviceFamilies)
        let warnings = check.warnings
        guard warnings != reportedWarnings else { return }
        reportedWarnings = warnings
        observer.observe(.configurationChecked(warnings: warnings))
    }
}

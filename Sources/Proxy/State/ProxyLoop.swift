import ConnectionTracking
import KernelTables
import KubernetesObjects
import NetworkTypes
import ProxyConfiguration
import RuleCompiler
import ServiceModel
import XTables

/// Keeps a node's kernel in step with what sources tell about the cluster, for as long as its ``run()`` runs.
///
///     sources ──► ProxyLoop ──► FamilyProxy (IPv4), FamilyProxy (IPv6) ──► kernel
///     (updates)   (objects,     (rules, coalescing,
///                 settings)     drift, flows)
///
/// Invariants:
/// - No rule is written before every required kind has been listed once.
/// - Updates, other options and other addresses are taken over one after the other: what each of them leads to has
///   reached all families before the next one begins.
/// - What a source does not know at the moment stays as it was: nothing is ever removed because of an error.
public actor ProxyLoop {
    /// The options in force.
    public private(set) var options: ProxyOptions
    private let host: any HostFactsSource
    private let observer: any ProxyObserver
    private let families: [FamilyProxy]

    /// What the sources have told.
    private(set) var state: ClusterState
    /// What the rules depend on besides; `nil` until that makes sense.
    private(set) var settings: CompilerSettings?
    private var interfaceAddresses: [IPAddress] = []
    private var reportedReason: String?
    private var nodeIsLeaving = false
    private let turnstile = Turnstile()

    /// Makes a loop that knows nothing yet.
    ///
    /// - Parameters:
    ///   - options: kube-proxy's options.
    ///   - families: the families to make rules for.
    ///   - requiredKinds: the kinds that must be listed before the first rule is written.
    ///   - syncer: reads and changes the tables.
    ///   - flows: deletes flows whose endpoint is gone; `nil` to leave them.
    ///   - traffic: follows what the rules have counted; `nil` if nobody wants to know.
    ///   - host: what the machine says about itself.
    ///   - observer: is told what happens.
    public init(
        options: ProxyOptions, families: [IPFamily] = IPFamily.allCases,
        requiredKinds: Set<KubernetesObject.Kind> = [.service, .endpointSlice], syncer: Syncer,
        flows: StaleFlowCleanup? = nil, traffic: (any TrafficFollower)? = nil,
        host: any HostFactsSource = ThisHost(), observer: any ProxyObserver
    ) {
        self.options = options
        self.host = host
        self.observer = observer
        state = ClusterState(requiredKinds: requiredKinds)
        let schedule = SyncSchedule(
            minimumPeriod: options.effectiveMinimumSyncPeriod, period: options.effectiveSyncPeriod)
        self.families = families.map {
            FamilyProxy(
                $0, syncer: syncer, flows: flows, traffic: traffic, host: host, schedule: schedule,
                observer: observer)
        }
    }

    /// Takes over what a source tells, all of it before any rule is written.
    public func take(_ updates: [ObjectUpdate]) async {
        await turnstile.enter()
        await takeInTurn(updates)
        await turnstile.leave()
    }

    private func takeInTurn(_ updates: [ObjectUpdate]) async {
        var change = ClusterState.Change()
        for update in updates { change.formUnion(state.take(update)) }
        if change.touchesNodes { tellWhetherNodeIsLeaving() }
        if !change.record.isEmpty {
            observer.observe(.objectsChanged(change.record.counts))
            for family in families { await family.announce(change.record) }
        }
        guard state.isComplete, !change.isEmpty else { return }
        if change.completes || settings == nil {
            await replaceEverything()
        } else {
            if change.touchesNodes, await renewSettings() { return }
            await updateServices(change.services.sorted())
        }
    }

    /// Says what the Node object says; one that is gone leaves its last word in force.
    private func tellWhetherNodeIsLeaving() {
        let name = options.hostname ?? host.hostname
        guard let isLeaving = state.objects.nodes[name]?.isLeaving, isLeaving != nodeIsLeaving else { return }
        nodeIsLeaving = isLeaving
        observer.observe(.nodeLeaving(isLeaving))
    }

    /// Takes over other options, without a pause in serving.
    public func reconfigure(_ options: ProxyOptions) async {
        await turnstile.enter()
        self.options = options
        for family in families {
            await family.reschedule(
                minimumPeriod: options.effectiveMinimumSyncPeriod, period: options.effectiveSyncPeriod)
        }
        if state.isComplete { _ = await renewSettings() }
        await turnstile.leave()
    }

    /// Works until the task is cancelled; a commit in flight is ended, and the rules stay.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            for family in families { group.addTask { await family.run() } }
            group.addTask { await self.lookAround() }
        }
    }

    /// Looks from time to time whether the machine has other addresses, and says so while rules cannot be made.
    private func lookAround() async {
        while (try? await Task.sleep(for: options.effectiveSyncPeriod)) != nil {
            if state.isComplete {
                await turnstile.enter()
                _ = await renewSettings()
                await turnstile.leave()
            } else {
                observer.observe(.waiting(state.missingKinds))
            }
        }
    }

    // MARK: Rules

    private func updateServices(_ names: [ServiceName]) async {
        for family in families {
            await family.update(
                names.map { ($0, state.objects.servicePorts(of: $0, family: family.family)) })
        }
    }

    private func replaceEverything() async {
        guard let new = currentSettings() else { return }
        settings = new
        for family in families { await replaceEverything(of: family, new) }
    }

    private func replaceEverything(of family: FamilyProxy, _ settings: CompilerSettings) async {
        await family.replaceEverything(state.objects.snapshot(family: family.family), settings: settings)
    }

    /// Computes the settings again and, if they lead to other rules, compiles the families they concern anew.
    ///
    /// - Returns: whether every family was compiled anew, so that nothing else is to be done.
    private func renewSettings() async -> Bool {
        guard let new = currentSettings(), new != settings else { return false }
        settings = new
        var all = true
        for family in families {
            if await family.isAffected(by: new) {
                await replaceEverything(of: family, new)
            } else {
                all = false
            }
        }
        return all
    }

    /// What the rules depend on besides Services and endpoints; `nil` if that makes no sense.
    private func currentSettings() -> CompilerSettings? {
        var options = options
        options.conntrackTCPBeLiberal = options.conntrackTCPBeLiberal ?? host.conntrackIsLiberal
        let name = options.hostname ?? host.hostname
        let object = state.objects.node(named: name)
        if object == nil, state.requiredKinds.contains(.node) { observer.observe(.missingNode(name: name)) }
        let node = options.node(named: name, object: object)
        // A node has a loopback interface at least: without any, the kernel would not tell.
        let addresses = host.interfaceAddresses
        if !addresses.isEmpty { interfaceAddresses = addresses }
        do {
            let settings = try options.settings(node: node, interfaceAddresses: interfaceAddresses)
            reportedReason = nil
            return settings
        } catch {
            let reason = "\(error)"
            if reason != reportedReason { observer.observe(.unusableSettings(reason: reason)) }
            reportedReason = reason
            return nil
        }
    }

    /// What shall be in the kernel; `nil` as long as no rules can be made.
    ///
    /// Putting a large ruleset together takes a while: whoever wants it should do so on a thread of its own.
    public nonisolated func compilation(_ family: IPFamily) async -> Compilation? {
        await families.first { $0.family == family }?.compilation
    }
}

// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import ForeignRules
import Host
import KernelTables
import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

/// Keeps the tables of one IP family in sync; the other family neither helps nor hinders it.
///
/// Design goals:
/// - *A change costs what it changes*: only the service ports of changed Services are compiled again.
/// - *Nothing is remembered that the kernel knows*: each run compares all rules with what the kernel holds, so that a run
///   that failed is made good by the next one, and drift is repaired on the way.
/// - *The kernel is waited for elsewhere*: the actor goes on taking changes while a run is in progress.
actor FamilyProxy {
    nonisolated let family: IPFamily
    private(set) var backend: any RuleBackend
    let traffic: (any TrafficFollower)?
    /// Deletes stale flows; `nil` to leave them.
    let flows: FlowCleaner?
    /// Follows connections to endpoints that are judged; `nil` to judge none.
    let connections: ConnectionWatch?
    let hostCheck: HostCheck
    let observer: any ProxyObserver
    let queue: BlockingQueue
    let alarm = Alarm()
    let clock = ContinuousClock()

    /// The desired rules; `nil` until they can be made.
    private(set) var compilation: Compilation?
    private var settings: CompilerSettings?
    /// What of the rules of an earlier run stays.
    var keeping = RuleKeeping()
    private var announced: (gaps: InputGaps, named: Set<ServiceName>)?
    var schedule: SyncSchedule
    /// What has changed since the last run began.
    var pending = PendingChanges.none
    /// The time that compiling it took.
    var compileTime = Duration.zero
    /// Changes of objects of which it is not known yet whether rules depend on them.
    private var noted = ChangeRecord()
    /// The changes of objects that a run in progress serves.
    var underway = ChangeCounts()
    private var reportedPending = ChangeCounts()

    // What the loop of FamilyProxy+Run remembers from one run to the next.
    var pace = CheckPace()
    var lastReport: SyncReport?
    var lastFailed = false
    var healthChecks = HealthCheckIndex()
    var missingLocalEndpoints = MissingLocalIndex()
    var exclusions: FeatureExclusions
    var nextHostCheck: ContinuousClock.Instant?
    var reportedKeptRules: KeptRulesReport?
    var foreignRules = ForeignRuleCheck.Findings()
    var foreignRulePace = ForeignRulePace()
    /// The addresses of the node's interfaces.
    var localAddresses: [IPAddress] = []
    /// How the endpoints have done lately that are judged.
    var ledger = EndpointLedger()
    /// Whether connections to some of them are followed.
    var watchesConnections = false

    init(
        _ family: IPFamily, backend: any RuleBackend, flows: StaleFlowCleanup?,
        connections: ConnectionWatch? = nil, traffic: (any TrafficFollower)?, host: any Host, schedule: SyncSchedule,
        observer: any ProxyObserver
    ) {
        self.family = family
        self.connections = connections
        var backend = backend
        backend.counterKeeper = traffic
        self.backend = backend
        self.traffic = traffic
        hostCheck = HostCheck(host)
        self.schedule = schedule
        self.observer = observer
        exclusions = FeatureExclusions(firstDelay: schedule.period)
        let queue = BlockingQueue(label: "kubetables.\(family.kubernetesName)")
        self.queue = queue
        self.flows = flows.map {
            FlowCleaner(family, cleanup: $0, host: host, observer: observer, queue: queue)
        }
    }

    /// Takes note of changes of objects, before what the rules make of them.
    func note(_ record: ChangeRecord) { noted.formUnion(record) }

    /// Compiles everything anew: at the start, and when the node or the options have changed.
    func replaceEverything(_ snapshot: ServiceSnapshot, settings: CompilerSettings) async {
        let former = compilation?.servicePorts.map(\.servicePort) ?? []
        self.settings = settings
        localAddresses = settings.interfaceAddresses
        _ = takeAnnounced()
        ledger.replace(snapshot.servicePorts)
        compile(snapshot, settings)
        pending.formUnion(.everything(former: former))
        pending.add(takeNoted().of(family))
        // A kernel that gets other options may have got other modules too.
        exclusions = FeatureExclusions(firstDelay: schedule.period)
        await watchEverything()
        await queueChange()
    }

    private func compile(_ snapshot: ServiceSnapshot, _ settings: CompilerSettings) {
        measureCompiling {
            let supplemented = keeping.supplement(snapshot, localNode: settings.node.name)
            compilation = Compilation(judged(supplemented), settings: settings)
        }
        keeping.prune()
    }

    /// A snapshot with the endpoints set aside that are to be.
    private func judged(_ snapshot: ServiceSnapshot) -> ServiceSnapshot {
        guard !ledger.isEmpty else { return snapshot }
        return ServiceSnapshot(family: family, servicePorts: snapshot.servicePorts.map(ledger.judged))
    }

    /// Takes note of what of the input cannot be read since the start, and of Services that readable objects name.
    ///
    /// It counts with what the rules make of them, not before: rules that are no longer kept and those that take their place
    /// come with one commit. So ``replaceEverything(_:settings:)`` or ``update(_:)`` follows.
    func announce(_ gaps: InputGaps, named services: Set<ServiceName>) {
        announced = (gaps, services.union(announced?.named ?? []))
    }

    /// Lets what was announced count.
    ///
    /// - Returns: whether other rules are kept than before.
    private func takeAnnounced() -> Bool {
        guard let announced = announced.take(), keeping.update(announced.gaps, named: announced.named) else {
            return false
        }
        pending.formUnion(.everything(former: []))
        return true
    }

    /// Takes over what the kernel held before the first commit.
    func keepRules(_ tables: [TableContent]) {
        guard let compilation, let settings else { return }
        keeping.take(tables, family: family)
        compile(
            ServiceSnapshot(family: family, servicePorts: compilation.servicePorts.map(\.entry)), settings)
    }

    /// The desired rules; `nil` until they can be made.
    var desired: DesiredRules? {
        guard let compilation, !keeping.needsKernel else { return nil }
        return DesiredRules(compilation: compilation, kept: keeping.kept(alongside: compilation))
    }

    /// Whether these settings lead to other rules than those in force.
    func isAffected(by settings: CompilerSettings) -> Bool {
        compilation.map { !$0.isUnaffected(by: settings) } ?? true
    }

    /// Takes over Services as they are now, each with all its service ports.
    func update(_ services: [(name: ServiceName, servicePorts: [ServicePortEndpoints])]) async {
        // Before the first compilation, which will find the Services as they are then.
        guard compilation != nil else { return }
        let keepsOthers = takeAnnounced()
        for (name, servicePorts) in services { ledger.update(name, servicePorts) }
        let touchedServices = Set(services.filter { update($0.name, to: completed($0.servicePorts)) }.map(\.name))
        keeping.prune()
        let record = takeNoted().limited(to: touchedServices, family)
        guard !touchedServices.isEmpty || keepsOthers else { return await watch(services) }
        pending.add(record)
        await watch(services)
        await queueChange()
    }

    /// Service ports with what the objects do not tell: endpoints that only the kernel knows, and those that are set aside.
    private func completed(_ servicePorts: [ServicePortEndpoints]) -> [ServicePortEndpoints] {
        guard let settings else { return servicePorts }
        return servicePorts.map { ledger.judged(keeping.supplement($0, localNode: settings.node.name)) }
    }

    /// Compiles one Service; whether anything depends on how it has changed.
    func update(_ name: ServiceName, to servicePorts: [ServicePortEndpoints]) -> Bool {
        let old = self.servicePorts(of: name)
        var touched: TouchedChains = [:]
        measureCompiling {
            touched = compilation?.updateService(name, to: servicePorts) ?? [:]
        }
        // The conditions of an endpoint may decide on a flow and on no rule.
        let touchesFlows = StaleFlowFinder.isCleanupNeeded(from: old, to: servicePorts)
        let touchesHealth = HealthCheckIndex.isAffected(from: old, to: servicePorts)
        guard !touched.isEmpty || touchesFlows || touchesHealth else { return false }
        let flows = touchesFlows ? FlowDebt(isDue: true, former: old.map(\.servicePort)) : FlowDebt()
        pending.add(touched, of: name, former: old, flows: flows)
        return true
    }

    /// Takes over how often to read and write.
    func reschedule(minimumPeriod: Duration, period: Duration) async {
        schedule.minimumPeriod = minimumPeriod
        schedule.period = period
        await alarm.ring()
    }

    /// Takes over whether our jumps are kept ahead of foreign rules.
    func setKeepsJumpsFirst(_ keepsJumpsFirst: Bool) async {
        guard keepsJumpsFirst != backend.keepsJumpsFirst else { return }
        backend.keepsJumpsFirst = keepsJumpsFirst
        guard compilation != nil else { return }
        pending.formUnion(.everything(former: []))
        await queueChange()
    }

    /// Reports how many changes of objects wait for their rules, if that is another number than before.
    func reportPending() {
        let counts = pending.record.counts + underway
        guard counts != reportedPending else { return }
        reportedPending = counts
        observer.observe(.changesPending(family, counts))
    }

    /// - Parameter isUrgent: whether it must not wait for the shortest time between runs.
    func queueChange(isUrgent: Bool = false) async {
        schedule.change(isUrgent: isUrgent)
        observer.observe(.changeQueued(family))
        reportPending()
        await alarm.ring()
    }

    private func takeNoted() -> ChangeRecord {
        defer { noted = ChangeRecord() }
        return noted
    }

    func servicePorts(of service: ServiceName) -> [ServicePortEndpoints] {
        compilation?.servicePorts(of: service).map(\.entry) ?? []
    }

    private func measureCompiling(_ body: () -> Void) {
        let start = clock.now
        body()
        compileTime += clock.now - start
    }
}

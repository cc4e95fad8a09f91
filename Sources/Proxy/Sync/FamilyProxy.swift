import ConnectionTracking
import KernelTables
import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

/// Keeps the tables of one IP family in step; the other family neither helps nor hinders it.
///
/// Design goals:
/// - *A change costs what it changes*: only the service ports of changed Services are compiled again.
/// - *Nothing is remembered that the kernel knows*: each run compares all rules with what the kernel holds, so that a run
///   that failed is made good by the next one, and drift is mended on the way.
/// - *The kernel is waited for elsewhere*: the actor goes on taking changes while a run is in progress.
actor FamilyProxy {
    /// The family.
    nonisolated let family: IPFamily
    private let syncer: Syncer
    private let flows: StaleFlowCleanup?
    private let traffic: (any TrafficFollower)?
    private let host: any HostFactsSource
    private let observer: any ProxyObserver
    private let queue: BlockingQueue
    private let alarm = Alarm()
    private let clock = ContinuousClock()

    private var schedule: SyncSchedule
    private var pace = CheckPace()
    /// The rules that shall be in the kernel; `nil` until they can be made.
    private(set) var compilation: Compilation?
    private var pending = PendingChanges.none
    private var compileTime = Duration.zero
    private var lastReport: SyncReport?
    private var lastFailed = false
    /// Flows that could not be cleaned after the last commit.
    private var owedFlows = FlowDebt()
    /// What there is to tell of changes that are about to come.
    private var announced = ChangeRecord()
    /// The changes that a run in progress serves.
    private var underway = ChangeCounts()
    private var toldPending = ChangeCounts()
    private var healthChecks = HealthCheckIndex()
    private var missingLocalEndpoints = MissingLocalIndex()
    private var exclusions: FeatureExclusions
    private var nextLookAround: ContinuousClock.Instant?

    /// How often to look at what is around our tables, which costs too much to do it every time.
    private static let lookAroundPeriod = Duration.seconds(3600)

    init(
        _ family: IPFamily, syncer: Syncer, flows: StaleFlowCleanup?,
        traffic: (any TrafficFollower)?, host: any HostFactsSource, schedule: SyncSchedule, observer: any ProxyObserver
    ) {
        self.family = family
        var syncer = syncer
        syncer.counterKeeper = traffic
        self.syncer = syncer
        self.flows = flows
        self.traffic = traffic
        self.host = host
        self.schedule = schedule
        self.observer = observer
        exclusions = FeatureExclusions(firstDelay: schedule.period)
        queue = BlockingQueue(label: "kubetables.\(family.kubernetesName)")
    }

    // MARK: Changes

    /// Takes note of what there will be to tell of the changes that come next.
    func announce(_ record: ChangeRecord) { announced.formUnion(record) }

    /// Compiles everything anew: at the start, and when the node or the options have changed.
    func replaceEverything(_ snapshot: ServiceSnapshot, settings: CompilerSettings) async {
        let former = compilation?.servicePorts.map(\.servicePort) ?? []
        measureCompiling { compilation = Compilation(snapshot, settings: settings) }
        pending.formUnion(.everything(former: former))
        pending.add(announced.of(family))
        announced = ChangeRecord()
        // A kernel that gets other options may have got other modules too.
        exclusions = FeatureExclusions(firstDelay: schedule.period)
        await announceChange()
    }

    /// Whether these settings lead to other rules than those in force.
    func isAffected(by settings: CompilerSettings) -> Bool {
        compilation.map { !$0.isUnaffected(by: settings) } ?? true
    }

    /// Takes over Services as they are now, each with all its service ports.
    func update(_ services: [(name: ServiceName, servicePorts: [ServicePortEndpoints])]) async {
        // Before the first compilation, which will find the Services as they are then.
        guard compilation != nil else { return }
        var touchedServices: Set<ServiceName> = []
        for (name, servicePorts) in services {
            let old = self.servicePorts(of: name)
            var touched: TouchedChains = [:]
            measureCompiling {
                touched =
                    compilation?.updateService(namespace: name.namespace, name: name.name, to: servicePorts) ?? [:]
            }
            // What an endpoint says of itself may decide on a flow and on no rule.
            let touchesFlows = StaleFlowFinder.isCleanupNeeded(from: old, to: servicePorts)
            let touchesHealth = HealthCheckIndex.isAffected(from: old, to: servicePorts)
            guard !touched.isEmpty || touchesFlows || touchesHealth else { continue }
            pending.add(
                touched, of: name,
                flows: touchesFlows ? FlowDebt(isDue: true, former: old.map(\.servicePort)) : FlowDebt())
            touchedServices.insert(name)
        }
        let record = announced.limited(to: touchedServices, family)
        announced = ChangeRecord()
        guard !touchedServices.isEmpty else { return }
        pending.add(record)
        await announceChange()
    }

    /// Takes over how often to read and write.
    func reschedule(minimumPeriod: Duration, period: Duration) async {
        schedule.minimumPeriod = minimumPeriod
        schedule.period = period
        await alarm.ring()
    }

    private func announceChange() async {
        schedule.change()
        observer.observe(.changeQueued(family))
        tellPending()
        await alarm.ring()
    }

    private func tellPending() {
        let counts = pending.record.counts + underway
        guard counts != toldPending else { return }
        toldPending = counts
        observer.observe(.changesPending(family, counts))
    }

    private func servicePorts(of service: ServiceName) -> [ServicePortEndpoints] {
        compilation?.servicePorts(namespace: service.namespace, service: service.name).map(\.entry) ?? []
    }

    private func measureCompiling(_ body: () -> Void) {
        let start = clock.now
        body()
        compileTime += clock.now - start
    }

    // MARK: The loop

    /// Brings the tables in step whenever it is time, until the task is cancelled; a run in progress is ended.
    func run() async {
        while !Task.isCancelled {
            switch schedule.next(at: clock.now) {
            case .wait(let deadline): await alarm.sleep(until: deadline)
            case .synchronize: await synchronize(lastFailed ? .retry : lastReport == nil ? .start : .change)
            case .check: await check()
            }
        }
    }

    /// Looks whether the tables are as they were left, and mends them if not.
    private func check() async {
        // Nothing has changed since the last commit, or this would be no mere look.
        if owedFlows.isDue, let compilation { await cleanFlows(owedFlows, compilation) }
        if let lastReport, !pace.isDue(at: clock.now), !exclusions.isTryDue(at: clock.now) {
            let syncer = syncer
            let isUntouched = await queue.run { (try? syncer.isUntouched(since: lastReport)) ?? false }
            if isUntouched { return schedule.looked(at: clock.now) }
        }
        await synchronize(.check)
    }

    private func synchronize(_ reason: Synchronization.Reason) async {
        guard let compilation else { return schedule.end(at: clock.now, failed: false) }
        let work = pending
        let compileTime = compileTime
        pending = .none
        self.compileTime = .zero
        underway = work.record.counts
        schedule.begin()

        let excluded = exclusions.excluded(at: clock.now)
        let run = Run(
            syncer: syncer, excluded: excluded,
            // What was left out so far is missing, but has not drifted.
            expected: exclusions.isTryDue(at: clock.now) ? nil : work.chains,
            compilation: compilation, traffic: traffic)
        let outcome = await queue.run { run.perform() }
        let now = clock.now
        underway = ChangeCounts()
        switch outcome {
        case .success(let result):
            exclusions.ended(
                at: now, excluding: excluded, refused: Set(result.report.unsupported.map(\.feature)))
            lastReport = result.report
            lastFailed = false
            pace.compared(at: now, taking: result.report.phases.total - result.report.phases.lockWait)
            schedule.end(at: now, failed: false)
            missingLocalEndpoints.update(compilation, changed: work.services)
            observer.observe(
                .synchronized(
                    Synchronization(
                        family: family, reason: reason, changedServices: work.services?.count,
                        compileTime: compileTime + result.rulesTime, report: result.report,
                        triggerTimes: work.record.triggers.map(\.time),
                        missingLocalEndpoints: missingLocalEndpoints.total)))
            tellPending()
            if let services = healthChecks.update(compilation, changed: work.services) {
                observer.observe(.healthChecksChanged(services))
            }
            var debt = owedFlows
            debt.formUnion(work.flows)
            if debt.isDue { await cleanFlows(debt, compilation) }
            await lookAround(compilation)
        case .failure(let error):
            pending.formUnion(work)
            self.compileTime += compileTime
            lastFailed = true
            schedule.end(at: now, failed: true)
            observer.observe(
                .failed(
                    FailedSynchronization(
                        family: family, reason: reason, changedServices: work.services?.count, error: error,
                        retryAfter: schedule.period)))
        }
        await queue.run { Memory.giveBack() }
    }

    private func lookAround(_ compilation: Compilation) async {
        guard nextLookAround.map({ $0 <= clock.now }) ?? true else { return }
        nextLookAround = clock.now + Self.lookAroundPeriod
        let family = family
        let warnings = await queue.run { Surroundings.warnings(family, compilation.servicePorts) }
        if !warnings.isEmpty { observer.observe(.surroundings(family, warnings: warnings)) }
    }

    /// What a run needs, to be carried to its thread.
    private struct Run: Sendable {
        let syncer: Syncer
        let excluded: Set<RuleFeature>
        let expected: TouchedChains?
        let compilation: Compilation
        let traffic: (any TrafficFollower)?

        struct Outcome {
            let report: SyncReport
            /// How long it took to put the rules together.
            let rulesTime: Duration
        }

        func perform() -> Result<Outcome, SyncError> {
            let clock = ContinuousClock()
            var rulesTime = Duration.zero
            return Result { () throws(SyncError) in
                let report = try syncer.apply(without: excluded, expecting: expected) {
                    let start = clock.now
                    defer { rulesTime += clock.now - start }
                    return compilation.ruleset
                }
                traffic?.rulesAreInForce(compilation)
                return Outcome(report: report, rulesTime: rulesTime)
            }
        }
    }

    // MARK: Flows

    /// Deletes the flows that rules of before lead to endpoints that are gone.
    ///
    /// - Parameter committed: what the kernel's rules were made of; what has been compiled since is not in force yet.
    private func cleanFlows(_ debt: FlowDebt, _ committed: Compilation) async {
        guard let flows else { return }
        let family = family
        let nodePortAddresses = committed.nodePortAddresses ?? host.interfaceAddresses.filter { $0.family == family }
        let finder = StaleFlowFinder(
            committed.servicePorts.filter { $0.name.transport == .udp }.map(\.entry), former: Array(debt.former),
            nodePortAddresses: Set(nodePortAddresses))
        let outcome = await queue.run { Result { () throws(FlowTableFailure) in try flows.run(family, finder) } }
        switch outcome {
        case .success(let report):
            owedFlows = report.isComplete ? FlowDebt() : debt
            observer.observe(.flowsCleaned(family, report))
        case .failure(let failure):
            owedFlows = debt
            observer.observe(.flowsNotCleaned(family, failure))
        }
    }
}

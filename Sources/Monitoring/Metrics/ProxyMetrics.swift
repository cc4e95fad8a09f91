import CoreMetrics
import KernelTables
import KubernetesObjects
import NetworkTypes
import Proxy

/// Counts what happens in the loop: kube-proxy's metrics of iptables mode under their own names, and some of ours.
///
/// What kube-proxy's mean here, where a commit is no iptables-restore (pkg/proxy/metrics/metrics.go):
/// - a *sync* is a run that read the tables, be it for a change or for a look; a look at the outline alone is none;
/// - it is *partial* if it was for changes of single Services, else *full*;
/// - a *restore failure* is a run that failed, for whatever reason.
public final class ProxyMetrics: ProxyObserver {
    private let now: @Sendable () -> Timestamp
    private let syncs: SyncMetrics
    private let times: TimeMetrics
    private let tables: TableMetrics
    private let flows: FlowMetrics
    private let probes: ProbeMetrics
    private let cluster: ClusterMetrics
    private let sources: SourceMetrics

    /// Makes all metrics; counters of `families` begin at zero.
    ///
    /// - Parameters:
    ///   - factory: keeps them: a ``MetricRegistry`` with the catalogue ``MetricCatalogue/proxy``.
    ///   - families: the families that rules are made for.
    ///   - now: the calendar.
    public init(
        _ factory: any MetricsFactory, families: [IPFamily] = IPFamily.allCases,
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.now = now
        syncs = SyncMetrics(factory, families)
        times = TimeMetrics(factory: factory)
        tables = TableMetrics(factory, families)
        flows = FlowMetrics(factory, families)
        probes = ProbeMetrics(factory)
        cluster = ClusterMetrics(factory)
        sources = SourceMetrics(factory: factory)
    }

    /// Something happened in the loop.
    public func observe(_ event: ProxyEvent) {
        switch event {
        case .changeQueued(let family):
            times.queued(family, at: now())
        case .synchronized(let synchronization):
            syncs.count(synchronization)
            times.synchronized(synchronization, at: now())
            tables.count(synchronization.report)
            cluster.set(synchronization.missingLocalEndpoints, synchronization.family)
        case .failed(let failure):
            syncs.count(failure)
        case .objectsChanged(let counts):
            cluster.count(counts)
        case .changesPending(let family, let counts):
            cluster.setPending(counts, family)
        case .flowsCleaned(let family, let report):
            flows.count(report, family)
        case .flowsNotCleaned(let family, _):
            flows.countFailure(family)
        case .waiting, .unusableSettings, .missingNode, .nodeLeaving, .surroundings, .healthChecksChanged:
            break
        }
    }

    /// The API server has said something about objects of a kind.
    public func heard(of kind: KubernetesObject.Kind) { sources.heard(of: kind, at: now()) }

    /// A probe of `/healthz` was answered.
    ///
    /// - Parameter status: the status code.
    public func countHealthz(status: Int) { probes.countHealthz(status) }

    /// A probe of `/livez` was answered.
    ///
    /// - Parameter status: the status code.
    public func countLivez(status: Int) { probes.countLivez(status) }
}

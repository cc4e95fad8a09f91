// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import KernelTables
import KubernetesAPI
import KubernetesObjects
import NetworkTypes
import PrometheusText
import Proxy

/// Counts what happens in the loop: kube-proxy's metrics of iptables mode under their own names, and those of kubetables.
///
/// kube-proxy's metrics assume iptables-restore. They mean here (pkg/proxy/metrics/metrics.go):
/// - a *sync* is a run that read the tables, for a change or for a check; a check of the outline alone is not counted;
/// - it is *partial* if it was for changes of single Services, else *full*;
/// - a *restore failure* is a sync that failed, for whatever cause.
package final class ProxyMetrics: ProxyObserver {
    private let now: @Sendable () -> Timestamp
    private let syncs: SyncMetrics
    private let times: TimeMetrics
    private let tables: TableMetrics
    private let flows: FlowMetrics
    private let failures: FailureMetrics
    private let probes: ProbeMetrics
    private let cluster: ClusterMetrics
    private let servers: ServerMetrics
    private let problems: ProblemMetrics
    private let apiClient: APIClientMetrics

    /// Defines the metrics; counters of `families` begin at zero.
    ///
    /// - Parameters:
    ///   - families: the families whose rules are kept in sync.
    ///   - now: the calendar.
    package init(
        _ registry: MetricRegistry, families: [IPFamily] = IPFamily.allCases,
        now: @escaping @Sendable () -> Timestamp = { .now }
    ) {
        self.now = now
        syncs = SyncMetrics(registry, families)
        times = TimeMetrics(registry)
        tables = TableMetrics(registry, families)
        flows = FlowMetrics(registry, families)
        failures = FailureMetrics(registry, families)
        probes = ProbeMetrics(registry)
        cluster = ClusterMetrics(registry)
        servers = ServerMetrics(registry)
        problems = ProblemMetrics(registry, families)
        apiClient = APIClientMetrics(registry)
    }

    package func observe(_ event: ProxyEvent) {
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
        case .connectionsFailed(let family, let endpoints):
            failures.count(endpoints, family)
        case .endpointJudged(let judgement):
            failures.count(judgement)
        case .connectionEventsLost:
            failures.countLostEvents()
        case .invalidObjects(let errors):
            problems.setInvalidObjects(errors)
        case .rulesKept(let report):
            problems.set(report)
        case .conflicts(let conflicts):
            problems.setConflicts(conflicts)
        case .foreignRulesAhead(let family, let rules):
            problems.setForeignRules(rules, family)
        case .waiting, .started, .optionsChanged, .unusableSettings, .missingNode, .nodeLeaving, .hostChecked,
            .healthChecksChanged, .recognizedRulesAhead, .configurationChecked, .contactChanged,
            .connectionsNotFollowed, .objectWarnings:
            break
        }
    }

    /// Records that the API server sent something about objects of a kind.
    package func recordContact(about kind: KubernetesObject.Kind) { cluster.recordContact(about: kind, at: now()) }

    /// Counts what became of a request to the API server.
    package func count(_ event: APIRequestEvent) { apiClient.count(event) }

    /// Counts a response of `/healthz`.
    package func countHealthz(status: Int) { probes.countHealthz(status) }

    /// Counts a response of `/livez`.
    package func countLivez(status: Int) { probes.countLivez(status) }

    /// Counts a client that an HTTP server has refused.
    package func count(_ refusal: HTTPRefusal) { servers.count(refusal) }

    /// Sets the number of listeners for health checks of a family.
    package func set(_ counts: ServiceHealthServers.Counts, _ family: IPFamily) { servers.set(counts, family) }
}

// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import ForeignRules
import KubernetesAPI
import KubernetesObjects
import NetworkTypes
import PrometheusText
import ServiceModel
import SystemPackage
import TestSupport
import Testing
import XTables

@testable import KernelTables
@testable import Monitoring
@testable import Proxy

@Suite("Metrics of the loop") struct ProxyMetricsTests {
    private let registry = MetricRegistry()

    private var metrics: ProxyMetrics {
        ProxyMetrics(registry, now: { Timestamp(seconds: 1_764_000_000, nanoseconds: 500_000_000) })
    }

    private var text: String { String(decoding: registry.text.bytes, as: UTF8.self) }

    private func expect(_ lines: String..., location: SourceLocation = #_sourceLocation) {
        let text = text
        for line in lines {
            #expect(text.contains("\n\(line)\n"), "\(line) is missing in:\n\(text)", sourceLocation: location)
        }
    }

    @Test("foreign rules ahead are counted by table and built-in chain, over both families")
    func foreignRules() {
        let metrics = metrics
        func line(_ table: String, _ chain: String, _ count: Int) -> String {
            "kubetables_foreign_rules_ahead{table=\"\(table)\",chain=\"\(chain)\"} \(count)"
        }
        expect(line("nat", "PREROUTING", 0), line("filter", "FORWARD", 0))
        let nested = ForeignRuleAhead(
            table: .nat, chain: "MINE", builtInChains: ["PREROUTING", "OUTPUT"], rule: "-A MINE", effect: "takes all")
        let drop = ForeignRuleAhead(table: .filter, chain: "FORWARD", rule: "-A FORWARD -j DROP", effect: "drops")
        metrics.observe(.foreignRulesAhead(.ipv4, [nested, drop]))
        metrics.observe(.foreignRulesAhead(.ipv6, [drop]))
        expect(
            line("nat", "PREROUTING", 1), line("nat", "OUTPUT", 1), line("nat", "POSTROUTING", 0),
            line("filter", "FORWARD", 2), line("filter", "INPUT", 0))
        metrics.observe(.foreignRulesAhead(.ipv4, []))
        expect(line("nat", "PREROUTING", 0), line("nat", "OUTPUT", 0), line("filter", "FORWARD", 1))
    }

    @Test("requests to the API server count under client-go's names, and those without an answer as <error>")
    func requests() {
        let metrics = metrics
        let host = "10.96.0.1:443"
        for status in [200, 200, 403] { metrics.count(APIRequestEvent(kind: .answered(status: status), host: host)) }
        metrics.count(APIRequestEvent(kind: .failed, host: host))
        metrics.count(APIRequestEvent(kind: .ended(.milliseconds(30)), host: host))
        let name = "rest_client_request_duration_seconds"
        expect(
            #"rest_client_requests_total{code="200",method="GET",host="10.96.0.1:443"} 2"#,
            #"rest_client_requests_total{code="403",method="GET",host="10.96.0.1:443"} 1"#,
            #"rest_client_requests_total{code="<error>",method="GET",host="10.96.0.1:443"} 1"#,
            name + #"_bucket{verb="GET",host="10.96.0.1:443",le="0.025"} 0"#,
            name + #"_bucket{verb="GET",host="10.96.0.1:443",le="0.1"} 1"#,
            name + #"_bucket{verb="GET",host="10.96.0.1:443",le="60"} 1"#,
            name + #"_count{verb="GET",host="10.96.0.1:443"} 1"#)
    }

    @Test("a wait for the lock that was in vain counts as well")
    func lockWait() {
        let metrics = metrics
        metrics.observe(.failed(.sample()))
        expect(
            #"kubetables_lock_wait_seconds_sum{ip_family="IPv6"} 5"#,
            #"kubetables_lock_wait_seconds_count{ip_family="IPv6"} 1"#)
    }

    @Test("a sync is counted as a whole, as full or partial, and by its phases")
    func synchronization() {
        let metrics = metrics
        metrics.observe(.synchronized(.sample(reason: .start, changedServices: nil)))
        metrics.observe(.synchronized(.sample(reason: .change, changedServices: 3)))
        metrics.observe(.synchronized(.sample(reason: .check, changedServices: 0)))
        expect(
            #"kubeproxy_sync_proxy_rules_duration_seconds_count{ip_family="IPv4"} 3"#,
            // 1 ms of compiling, 1 + 2 + 4 + 8 + 16 + 32 ms in the other phases.
            #"kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family="IPv4",le="0.032"} 0"#,
            #"kubeproxy_sync_proxy_rules_duration_seconds_bucket{ip_family="IPv4",le="0.064"} 3"#,
            #"kubeproxy_sync_full_proxy_rules_duration_seconds_count{ip_family="IPv4"} 2"#,
            #"kubeproxy_sync_partial_proxy_rules_duration_seconds_count{ip_family="IPv4"} 1"#,
            #"kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family="IPv4"} 1764000000.5"#,
            #"kubetables_lock_wait_seconds_sum{ip_family="IPv4"} 0.006"#,
            #"kubetables_sync_phase_duration_seconds_sum{ip_family="IPv4",phase="compile"} 0.003"#,
            #"kubetables_sync_phase_duration_seconds_sum{ip_family="IPv4",phase="commit"} 0.096"#,
            #"kubetables_syncs_total{ip_family="IPv4",reason="check"} 1"#,
            #"kubetables_syncs_total{ip_family="IPv4",reason="start"} 1"#)
    }

    @Test("tables report their size, the rules changed, and the drift repaired")
    func tables() {
        let metrics = metrics
        expect(#"kubetables_drift_repairs_total{table="nat",ip_family="IPv6"} 0"#)
        metrics.observe(.synchronized(.sample(reason: .check, changedServices: 0, drift: 4)))
        expect(
            #"kubeproxy_sync_proxy_rules_iptables_last{table="nat",ip_family="IPv4"} 7"#,
            #"kubeproxy_sync_proxy_rules_iptables_last{table="filter",ip_family="IPv4"} 0"#,
            #"kubeproxy_sync_proxy_rules_iptables_total{table="nat",ip_family="IPv4"} 48"#,
            #"kubetables_table_entries{table="nat",ip_family="IPv4"} 56"#,
            #"kubetables_table_entries{table="filter",ip_family="IPv4"} 20"#,
            #"kubetables_rule_changes_total{table="nat",ip_family="IPv4",change="added"} 5"#,
            #"kubetables_rule_changes_total{table="nat",ip_family="IPv4",change="moved"} 2"#,
            #"kubetables_rule_changes_total{table="nat",ip_family="IPv4",change="removed"} 1"#,
            #"kubetables_drift_repairs_total{table="nat",ip_family="IPv4"} 1"#,
            #"kubetables_drifted_chains_total{table="nat",ip_family="IPv4"} 4"#,
            #"kubetables_drifted_chains_total{table="filter",ip_family="IPv4"} 0"#)
    }

    @Test("failures, queued changes and flows are counted by family")
    func others() {
        let metrics = metrics
        expect(#"kubeproxy_sync_proxy_rules_iptables_restore_failures_total{ip_family="IPv6"} 0"#)
        metrics.observe(.changeQueued(.ipv6))
        metrics.observe(.failed(.sample()))
        var report = StaleFlowCleanup.Report()
        report.deletion.deleted = 12
        report.deletion.refused = 1
        report.duration = .milliseconds(3)
        metrics.observe(.flowsCleaned(.ipv4, report))
        metrics.observe(.flowsNotCleaned(.ipv4, FlowTableFailure(.list, .ipv4, .notPermitted)))
        metrics.observe(.failed(.sample(changedServices: 2)))
        // The second clock is ahead of ours.
        let triggers = [Timestamp(seconds: 1_763_999_999), Timestamp(seconds: 1_764_000_009)]
        metrics.observe(.synchronized(.sample(reason: .change, changedServices: 1, triggerTimes: triggers)))
        expect(
            #"kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds{ip_family="IPv6"} 1764000000.5"#,
            #"kubeproxy_sync_proxy_rules_iptables_restore_failures_total{ip_family="IPv6"} 2"#,
            #"kubeproxy_sync_proxy_rules_iptables_partial_restore_failures_total{ip_family="IPv6"} 1"#,
            #"kubeproxy_sync_proxy_rules_iptables_partial_restore_failures_total{ip_family="IPv4"} 0"#,
            #"kubeproxy_sync_proxy_rules_iptables_restore_failures_total{ip_family="IPv4"} 0"#,
            #"kubetables_sync_failures_total{ip_family="IPv6",cause="lock"} 2"#,
            #"kubeproxy_conntrack_reconciler_deleted_entries_total{ip_family="IPv4"} 12"#,
            #"kubeproxy_conntrack_reconciler_sync_duration_seconds_bucket{ip_family="IPv4",le="0.004"} 1"#,
            #"kubetables_stale_flows_refused_total{ip_family="IPv4"} 1"#,
            #"kubetables_flow_cleanup_failures_total{ip_family="IPv4"} 1"#,
            #"kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv4",le="0"} 1"#,
            #"kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv4",le="1"} 1"#,
            #"kubeproxy_network_programming_duration_seconds_bucket{ip_family="IPv4",le="2"} 2"#)
    }

    @Test("failed connections are counted by how they failed, retries and ejections too")
    func failedConnections() {
        let metrics = metrics
        expect(
            #"kubetables_endpoint_failures_total{ip_family="IPv6",reason="refused"} 0"#,
            #"kubetables_connection_retries_total{ip_family="IPv4",reason="unanswered"} 0"#,
            #"kubetables_endpoint_ejections_total{ip_family="IPv4"} 0"#, "kubetables_connection_events_lost_total 0")
        let (name, endpoint) = (ServicePort.sample("web").name, Endpoint.sample(1, node: nil).addressPort)
        func failures(_ failure: ConnectionFailure, _ count: Int, retried: Int) -> EndpointFailures {
            EndpointFailures(
                servicePort: name, endpoint: endpoint, failure: failure, count: count, retried: retried)
        }
        metrics.observe(
            .connectionsFailed(.ipv4, [failures(.refused, 3, retried: 2), failures(.unanswered, 1, retried: 0)]))
        for kind: EndpointJudgement.Kind in [
            .avoided(.refused), .ejected(failures: 5, .refused, .seconds(30)), .returned(wasEjected: true),
        ] {
            metrics.observe(
                .endpointJudged(EndpointJudgement(family: .ipv4, servicePort: name, endpoint: endpoint, kind: kind)))
        }
        metrics.observe(.connectionEventsLost)
        expect(
            #"kubetables_endpoint_failures_total{ip_family="IPv4",reason="refused"} 3"#,
            #"kubetables_endpoint_failures_total{ip_family="IPv4",reason="unanswered"} 1"#,
            #"kubetables_connection_retries_total{ip_family="IPv4",reason="refused"} 2"#,
            #"kubetables_connection_retries_total{ip_family="IPv4",reason="unanswered"} 0"#,
            #"kubetables_endpoint_ejections_total{ip_family="IPv4"} 1"#, "kubetables_connection_events_lost_total 1")
    }

    @Test("changes are counted when they arrive, and are pending until the rules of both families have them")
    func changes() {
        let metrics = metrics
        expect("kubeproxy_sync_proxy_rules_endpoint_changes_total 0")
        metrics.observe(.objectsChanged(ChangeCounts(services: 1, endpoints: 2)))
        metrics.observe(.objectsChanged(ChangeCounts(endpoints: 3)))
        for family in IPFamily.allCases {
            metrics.observe(.changesPending(family, ChangeCounts(services: 1, endpoints: 5)))
        }
        metrics.observe(.changesPending(.ipv6, ChangeCounts()))
        expect(
            "kubeproxy_sync_proxy_rules_endpoint_changes_total 5", "kubeproxy_sync_proxy_rules_service_changes_total 1",
            "kubeproxy_sync_proxy_rules_endpoint_changes_pending 5",
            "kubeproxy_sync_proxy_rules_service_changes_pending 1")
        metrics.observe(.changesPending(.ipv4, ChangeCounts()))
        expect("kubeproxy_sync_proxy_rules_endpoint_changes_pending 0")
    }

    @Test("service ports without local endpoints are reported with each sync")
    func missingLocalEndpoints() {
        var missing = MissingLocalEndpoints()
        var port = ServicePort.sample("web")
        port.internalTrafficPolicy = .local
        let remote = [Endpoint.sample(1, node: "there")]
        missing.count(port, EndpointSelection(of: remote, for: port, on: Node(name: "here")))
        metrics.observe(.synchronized(.sample(reason: .start, changedServices: nil, missing: missing)))
        expect(
            #"kubeproxy_sync_proxy_rules_no_local_endpoints_total{traffic_policy="internal",ip_family="IPv4"} 1"#,
            #"kubeproxy_sync_proxy_rules_no_local_endpoints_total{traffic_policy="external",ip_family="IPv4"} 0"#)
    }

    @Test("promtool accepts all names but those of gauges that kube-proxy named like counters")
    func promtool() throws {
        let metrics = metrics
        metrics.observe(.changeQueued(.ipv4))
        metrics.observe(.synchronized(.sample(reason: .check, changedServices: 0, drift: 4)))
        metrics.observe(.failed(.sample()))
        metrics.observe(.flowsCleaned(.ipv4, StaleFlowCleanup.Report()))
        let trigger = Timestamp(seconds: 1_763_999_998)
        metrics.observe(.synchronized(.sample(reason: .change, changedServices: 1, triggerTimes: [trigger])))
        #expect(try Promtool.complaints(about: text) == [])
    }
}

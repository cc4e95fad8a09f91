// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import NetworkTypes
import PrometheusText
import Proxy
import ServiceModel

/// What is counted about connections that fail, and about endpoints that get none for a time because of it.
///
/// Which Services and endpoints it was, events and the log say: here there would be a series for each endpoint that ever failed.
struct FailureMetrics: Sendable {
    private let failures: CounterFamily
    private let retries: CounterFamily
    private let ejections: CounterFamily
    private let lostEvents: CounterFamily

    init(_ registry: MetricRegistry, _ families: [IPFamily]) {
        failures = registry.counters(
            "kubetables_endpoint_failures_total",
            help: """
                TCP connections that an endpoint refused or did not answer in time, of Services with retry or outlier ejection; \
                each attempt of a client counts.
                """, labels: "ip_family", "reason")
        retries = registry.counters(
            "kubetables_connection_retries_total",
            help:
                "TCP connections that were balanced again because an endpoint refused them or did not answer in time.",
            labels: "ip_family", "reason")
        ejections = registry.counters(
            "kubetables_endpoint_ejections_total",
            help: "Endpoints that were ejected after too many failed connections in a row.", labels: "ip_family")
        lostEvents = registry.counters(
            "kubetables_connection_events_lost_total",
            help: "Times at which connections began faster than they could be followed, so that failures were missed.")
        for family in families.map(\.kubernetesName) {
            for failure in ConnectionFailure.allCases {
                for counter in [failures, retries] { _ = counter[family, failure.rawValue] }
            }
            _ = ejections[family]
        }
        _ = lostEvents[]
    }

    func count(_ endpoints: [EndpointFailures], _ family: IPFamily) {
        for endpoint in endpoints {
            let labels = (family.kubernetesName, endpoint.failure.rawValue)
            failures[labels.0, labels.1].increment(by: endpoint.count)
            if endpoint.retried > 0 { retries[labels.0, labels.1].increment(by: endpoint.retried) }
        }
    }

    func count(_ judgement: EndpointJudgement) {
        if case .ejected = judgement.kind { ejections[judgement.family.kubernetesName].increment() }
    }

    func countLostEvents() { lostEvents[].increment() }
}

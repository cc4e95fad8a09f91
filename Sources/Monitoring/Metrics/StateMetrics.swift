// SPDX-License-Identifier: Apache-2.0

import Inspection
import PrometheusText

/// How many service ports and endpoints are in each state.
struct StateMetrics: Sendable {
    private let servicePorts: MetricFamily
    private let endpoints: MetricFamily

    init(_ registry: MetricRegistry) {
        servicePorts = registry.define(
            "kubetables_service_ports", .gauge,
            help: "Ports of Services of each IP family by their state, as get services shows it.", labels: ["state"])
        endpoints = registry.define(
            "kubetables_endpoints", .gauge,
            help: "Endpoints of service ports by their condition, and whether this node uses them.",
            labels: ["condition", "used"])
    }

    func write(_ counts: StateCounts, to text: inout MetricText) {
        text.begin(servicePorts)
        for state in ServiceState.allCases {
            text.sample(servicePorts, UInt64(counts.servicePorts[state] ?? 0), [("state", state.rawValue)])
        }
        text.begin(endpoints)
        for condition in EndpointCondition.allCases {
            for isUsed in [true, false] {
                let count = counts.endpoints[.init(condition: condition, isUsed: isUsed)] ?? 0
                text.sample(endpoints, UInt64(count), [("condition", condition.rawValue), ("used", "\(isUsed)")])
            }
        }
    }
}

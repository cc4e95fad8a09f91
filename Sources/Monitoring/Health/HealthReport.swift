// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import KubernetesObjects
import NetworkTypes

/// The health of the proxy at one moment.
package struct HealthReport: Sendable, Hashable {
    package struct Family: Sendable, Hashable {
        /// When its rules were last brought in sync.
        package let lastUpdated: Timestamp
        /// Whether it is not late.
        package let isHealthy: Bool
    }

    /// When the rules of any family were last brought in sync.
    package let lastUpdated: Timestamp
    package let currentTime: Timestamp
    /// Whether load balancers may send traffic to the node.
    package let isNodeEligible: Bool
    /// The families that have been in sync once, or are late.
    package let families: [IPFamily: Family]

    /// Whether no family is late.
    package var isHealthy: Bool { families.values.allSatisfy(\.isHealthy) }

    /// The answer of `/healthz`: 200 if no family is late and the node may get traffic, else 503.
    package var healthz: HTTPAnswer { answer(isHealthy && isNodeEligible, nodeEligible: isNodeEligible) }

    /// The answer of `/livez`: 200 if no family is late, else 503.
    package var livez: HTTPAnswer { answer(isHealthy, nodeEligible: nil) }

    /// The JSON that kube-proxy answers with, its members in kube-proxy's order.
    private func answer(_ isGood: Bool, nodeEligible: Bool?) -> HTTPAnswer {
        // Old releases gave the time of the last run, changed or not: clients that compare the times must find them recent.
        var members = [
            #""lastUpdated":"\#(isGood ? currentTime : lastUpdated)""#, #""currentTime":"\#(currentTime)""#,
        ]
        if let nodeEligible { members.append(#""nodeEligible":\#(nodeEligible)"#) }
        members.append(#""healthy":\#(isHealthy)"#)
        let status = families.sorted { $0.key.kubernetesName < $1.key.kubernetesName }.map { family, health in
            #""\#(family.kubernetesName)":{"lastUpdated":"\#(health.lastUpdated)","healthy":\#(health.isHealthy)}"#
        }
        if !status.isEmpty { members.append(#""status":{\#(status.joined(separator: ","))}"#) }
        return .json("{\(members.joined(separator: ","))}", status: isGood ? 200 : 503)
    }
}

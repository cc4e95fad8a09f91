import KubernetesObjects
import NetworkTypes

/// How the proxy was at one moment.
public struct HealthReport: Sendable, Hashable {
    /// One family.
    public struct Family: Sendable, Hashable {
        /// When its tables were last brought in step.
        public let lastUpdated: Timestamp
        /// Whether nothing is late.
        public let isHealthy: Bool
    }

    /// When the tables of any family were last brought in step.
    public let lastUpdated: Timestamp
    /// The moment.
    public let currentTime: Timestamp
    /// Whether the node is to get traffic.
    public let isNodeEligible: Bool
    /// The families that have been brought in step once, or are late.
    public let families: [IPFamily: Family]

    /// Whether nothing is late.
    public var isHealthy: Bool { families.values.allSatisfy(\.isHealthy) }

    /// The answer of `/healthz`: 200 if nothing is late and the node is to get traffic, else 503.
    public var healthz: HTTPAnswer { answer(isHealthy && isNodeEligible, nodeEligible: isNodeEligible) }

    /// The answer of `/livez`: 200 if nothing is late, else 503.
    public var livez: HTTPAnswer { answer(isHealthy, nodeEligible: nil) }

    /// The JSON that kube-proxy answers with, its members in kube-proxy's order.
    private func answer(_ isGood: Bool, nodeEligible: Bool?) -> HTTPAnswer {
        // Old releases told when the loop last ran, be it for nothing; who compares the times shall find them recent.
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

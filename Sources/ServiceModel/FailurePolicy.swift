// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// What a node does about endpoints that refuse connections, or do not answer them.
public struct FailurePolicy: Sendable, Hashable {
    /// Whether connections that fail are balanced again, where a service port does not decide it
    /// (``ServicePort/retriesConnections``).
    public var retriesConnections: Bool
    /// Whether endpoints that fail again and again get no connections for a time, where a service port does not decide it
    /// (``ServicePort/ejectsOutliers``).
    public var ejectsOutliers: Bool
    /// How long the first packet of a connection can be without an answer until the connection counts as unanswered.
    ///
    /// 100 ms to 30 s. Clients send that packet again after 1 s (RFC 6298), which is in time for another endpoint if this is less.
    public var answerTimeout: Duration
    /// How long an endpoint that has just failed is avoided while others are left: 0 to 5 min; 0 for not at all.
    public var avoidanceTime: Duration
    /// How many connections in a row must fail until an endpoint is ejected: 1 to 1000.
    public var consecutiveFailures: Int
    /// How long an endpoint is ejected for the first time; each further ejection takes as much longer.
    public var baseEjectionTime: Duration
    /// The longest ejection; not less than ``baseEjectionTime``.
    public var maxEjectionTime: Duration
    /// How many of the endpoints of a service port can be ejected at once, in percent: 0 to 100.
    public var maxEjectionPercent: Int

    /// A policy; what is left out is as in ``default``.
    public init(
        retriesConnections: Bool = false, ejectsOutliers: Bool = false, answerTimeout: Duration = .milliseconds(900),
        avoidanceTime: Duration = .seconds(5), consecutiveFailures: Int = 5, baseEjectionTime: Duration = .seconds(30),
        maxEjectionTime: Duration = .seconds(300), maxEjectionPercent: Int = 50
    ) {
        self.retriesConnections = retriesConnections
        self.ejectsOutliers = ejectsOutliers
        self.answerTimeout = answerTimeout
        self.avoidanceTime = avoidanceTime
        self.consecutiveFailures = consecutiveFailures
        self.baseEjectionTime = baseEjectionTime
        self.maxEjectionTime = maxEjectionTime
        self.maxEjectionPercent = maxEjectionPercent
    }

    /// Nothing is retried and nothing ejected, as with kube-proxy; the numbers are Envoy's, where it has them (`outlier_detection`).
    public static let `default` = FailurePolicy()

    /// Whether connections of a service port that fail are balanced again: TCP only, since other protocols have no sign of it.
    public func retries(_ servicePort: ServicePort) -> Bool {
        servicePort.retries(byDefault: retriesConnections)
    }

    /// Whether endpoints of a service port can be ejected: of TCP only, since other protocols have no sign of a failure.
    public func ejects(_ servicePort: ServicePort) -> Bool {
        servicePort.name.transport == .tcp && servicePort.ejectsOutliers ?? ejectsOutliers
    }
}

extension ServicePort {
    /// Whether its connections that fail are balanced again, on a node that does so by default or does not.
    public func retries(byDefault default: Bool) -> Bool {
        name.transport == .tcp && retriesConnections ?? `default`
    }
}

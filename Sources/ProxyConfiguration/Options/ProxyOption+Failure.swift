// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import ServiceModel

/// Options for endpoints that refuse connections or do not answer; the defaults are those of ``FailurePolicy``.
extension ProxyOption {
    package static let retryTimeout = ProxyOption(
        flag: "retry-timeout", field: "retryTimeout", .duration(in: .milliseconds(100) ... .seconds(30)),
        \.retryTimeout,
        defaultValue: { _ in FailurePolicy.default.answerTimeout },
        help:
            "How long an endpoint has to answer a connection before another one is tried; clients try again after 1 s.")
    package static let failedEndpointDelay = ProxyOption(
        flag: "failed-endpoint-delay", field: "failedEndpointDelay", .duration(in: .zero ... .seconds(5 * 60)),
        \.failedEndpointDelay, defaultValue: { _ in FailurePolicy.default.avoidanceTime },
        help: "How long an endpoint that has just failed is avoided while others are left; 0s for not at all.")

    package static let ejectsOutliers = ProxyOption(
        flag: "eject-outliers", field: "ejectOutliers", .boolean, \.ejectsOutliers,
        defaultValue: { _ in FailurePolicy.default.ejectsOutliers },
        help: "Send no connections for a time to an endpoint that fails again and again.")
    package static let ejectionConsecutiveFailures = ProxyOption(
        flag: "ejection-consecutive-failures", field: "ejectionConsecutiveFailures",
        .integer("number", noun: "number of failures", 1...1000), \.ejectionConsecutiveFailures,
        defaultValue: { _ in FailurePolicy.default.consecutiveFailures },
        help: "How many connections in a row an endpoint must fail to be ejected, 1 to 1000.")
    package static let ejectionBaseTime = ProxyOption(
        flag: "ejection-base-time", field: "ejectionBaseTime", .duration(in: ejectionTimes), \.ejectionBaseTime,
        defaultValue: { _ in FailurePolicy.default.baseEjectionTime },
        help: "How long an endpoint is ejected for the first time; each further ejection takes as much longer.")
    package static let ejectionMaxTime = ProxyOption(
        flag: "ejection-max-time", field: "ejectionMaxTime", .duration(in: ejectionTimes), \.ejectionMaxTime,
        defaultValue: { _ in FailurePolicy.default.maxEjectionTime },
        help: "The longest time that an endpoint is ejected for.")
    package static let ejectionMaxPercent = ProxyOption(
        flag: "ejection-max-percent", field: "ejectionMaxPercent", .integer("percent", noun: "percentage", 0...100),
        \.ejectionMaxPercent, defaultValue: { _ in FailurePolicy.default.maxEjectionPercent },
        help: "How many of the endpoints of a Service port can be ejected at once, in percent.")

    /// From a second, since nothing is judged more often, to a day.
    private static let ejectionTimes: ClosedRange<Duration> = .seconds(1) ... .seconds(24 * 60 * 60)

    static let failure = [
        retryTimeout, failedEndpointDelay, ejectsOutliers, ejectionConsecutiveFailures, ejectionBaseTime,
        ejectionMaxTime, ejectionMaxPercent,
    ]
}

extension ProxyOptions {
    /// What the node does about endpoints that refuse connections or do not answer.
    package var failurePolicy: FailurePolicy {
        let usual = FailurePolicy.default
        return FailurePolicy(
            retriesConnections: retriesConnections ?? usual.retriesConnections,
            ejectsOutliers: ejectsOutliers ?? usual.ejectsOutliers,
            answerTimeout: retryTimeout ?? usual.answerTimeout,
            avoidanceTime: failedEndpointDelay ?? usual.avoidanceTime,
            consecutiveFailures: ejectionConsecutiveFailures ?? usual.consecutiveFailures,
            baseEjectionTime: ejectionBaseTime ?? usual.baseEjectionTime,
            maxEjectionTime: ejectionMaxTime ?? usual.maxEjectionTime,
            maxEjectionPercent: ejectionMaxPercent ?? usual.maxEjectionPercent)
    }

    /// Checks the times of ejections against each other.
    ///
    /// - Throws: ``OptionError`` if the longest ejection is shorter than the first one.
    package func validateEjectionTimes() throws(OptionError) {
        let policy = failurePolicy
        guard policy.maxEjectionTime >= policy.baseEjectionTime else {
            throw OptionError(
                ProxyOption.ejectionMaxTime.name,
                "must not be less than the base time (\(DurationText.text(policy.baseEjectionTime)))")
        }
    }
}

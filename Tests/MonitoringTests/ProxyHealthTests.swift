// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import KernelTables
import KubernetesObjects
import Monitoring
import NetworkTypes
import Synchronization
import Testing

@testable import Proxy

@Suite("Whether the proxy keeps up") struct ProxyHealthTests {
    private let start = Moment(time: Timestamp(seconds: 1_764_000_000, nanoseconds: 120_000_000), instant: .now)
    private let health = ProxyHealth(syncPeriod: .seconds(30))

    private func body(_ answer: HTTPAnswer) -> String { String(decoding: answer.body, as: UTF8.self) }

    @Test("starting up, and idle for ever, is healthy")
    func idle() {
        #expect(health.report(at: start + .seconds(86_400)).healthz.status == 200)
        var health = health
        health.queue(.ipv4, at: start)
        health.finish(.ipv4, at: start + .seconds(1))
        #expect(health.report(at: start + .seconds(86_400)).isHealthy)
    }

    @Test("what is queued is late after two sync periods, counted from the oldest change, until it is finished")
    func late() {
        var health = health
        health.finish(.ipv4, at: start)
        health.queue(.ipv4, at: start)
        health.queue(.ipv4, at: start + .seconds(59))
        #expect(health.report(at: start + .milliseconds(59_999)).isHealthy)
        #expect(!health.report(at: start + .seconds(60)).isHealthy)
        health.finish(.ipv4, at: start + .seconds(61))
        #expect(health.report(at: start + .seconds(61)).isHealthy)
        health.queue(.ipv4, at: start + .seconds(61))
        health.timeout = ProxyHealth.timeout(for: .seconds(5))
        #expect(!health.report(at: start + .seconds(71)).isHealthy)
    }

    @Test("one late family is enough, also one that has never been in sync; the answer names it")
    func families() {
        var health = health
        health.finish(.ipv4, at: start)
        health.queue(.ipv6, at: start)
        let report = health.report(at: start + .seconds(61))
        #expect(report.healthz.status == 503)
        #expect(
            body(report.healthz)
                == #"{"lastUpdated":"2025-11-24T16:00:00.12Z","currentTime":"2025-11-24T16:01:01.12Z","#
                + #""nodeEligible":true,"healthy":false,"status":{"#
                + #""IPv4":{"lastUpdated":"2025-11-24T16:00:00.12Z","healthy":true},"#
                + #""IPv6":{"lastUpdated":"0001-01-01T00:00:00Z","healthy":false}}}"#)
    }

    @Test("a family that the kernel lacks does not count, if the other one is served")
    func missingFamily() {
        var health = health
        for family in IPFamily.allCases { health.queue(family, at: start) }
        health.miss(.ipv6)
        #expect(!health.report(at: start + .seconds(61)).isHealthy)
        health.finish(.ipv4, at: start + .seconds(61))
        #expect(health.report(at: start + .seconds(61)).isHealthy)
        // Once it was there, so something has gone wrong.
        health.finish(.ipv6, at: start + .seconds(62))
        health.queue(.ipv6, at: start + .seconds(62))
        health.miss(.ipv6)
        #expect(!health.report(at: start + .seconds(122)).isHealthy)
    }

    @Test("the answer is kube-proxy's JSON; while all is well it was always updated just now")
    func json() {
        var health = health
        let now = start + .milliseconds(880)
        #expect(
            body(health.report(at: now).livez)
                == #"{"lastUpdated":"2025-11-24T16:00:01Z","currentTime":"2025-11-24T16:00:01Z","healthy":true}"#)
        health.finish(.ipv4, at: start)
        let answer = health.report(at: now).healthz
        #expect(
            body(answer)
                == #"{"lastUpdated":"2025-11-24T16:00:01Z","currentTime":"2025-11-24T16:00:01Z","nodeEligible":true,"#
                + #""healthy":true,"status":{"IPv4":{"lastUpdated":"2025-11-24T16:00:00.12Z","healthy":true}}}"#)
        #expect(answer.header("Content-Type") == "application/json")
        #expect(answer.header("X-Content-Type-Options") == "nosniff")
    }

    @Test("a node that is about to be removed is reported to load balancers, not to those who would restart the proxy")
    func eligibility() {
        var health = health
        health.finish(.ipv4, at: start)
        health.isNodeEligible = false
        let report = health.report(at: start + .seconds(1))
        #expect(report.healthz.status == 503)
        // healthy and nodeEligible are separate, and the time is the real one.
        #expect(body(report.healthz).contains(#""nodeEligible":false,"healthy":true,"#))
        #expect(body(report.healthz).hasPrefix(#"{"lastUpdated":"2025-11-24T16:00:00.12Z""#))
        #expect(report.livez.status == 200)
        #expect(!body(report.livez).contains("nodeEligible"))
    }

    @Test("the record follows the loop: a failed run finishes nothing")
    func record() {
        let now = Mutex(start)
        let clock: @Sendable () -> Moment = { now.withLock { $0 } }
        let advance = { (duration: Duration) in now.withLock { $0 = $0 + duration } }
        let record = HealthRecord(syncPeriod: .seconds(10), now: clock)
        record.observe(.changeQueued(.ipv4))
        advance(.seconds(15))
        record.observe(.failed(.sample(.ipv4)))
        #expect(record.report.isHealthy)
        advance(.seconds(5))
        #expect(!record.report.isHealthy)
        record.setSyncPeriod(.seconds(11))
        #expect(record.report.isHealthy)
        record.observe(.synchronized(.sample(reason: .retry, changedServices: 1)))
        advance(.seconds(1000))
        #expect(record.report.isHealthy)
        record.observe(.nodeLeaving(true))
        #expect(record.report.healthz.status == 503)
        #expect(record.report.livez.status == 200)
        record.observe(.nodeLeaving(false))
        #expect(record.report.healthz.status == 200)
    }
}

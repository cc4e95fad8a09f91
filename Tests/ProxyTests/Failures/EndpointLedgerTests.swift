// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import Testing

@testable import Proxy

@Suite("Endpoints that fail") struct EndpointLedgerTests {
    private let start = ContinuousClock.now
    private let web = ServicePortName(namespace: "default", service: "web", port: "", transport: .tcp)

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .milliseconds(Int(seconds * 1000)) }

    private func end(_ number: Int) -> AddressPort { AddressPort(IPAddress(ipv4: 0x0a00_0000 + UInt32(number)), 8080) }

    private func entry(
        _ numbers: ClosedRange<Int>, retries: Bool? = nil, ejects: Bool? = nil, unready: Set<Int> = []
    ) -> ServicePortEndpoints {
        let servicePort = ServicePort(
            name: web, clusterIP: IPAddress(ipv4: 0x0a60_0001), port: 80, retriesConnections: retries,
            ejectsOutliers: ejects)
        return ServicePortEndpoints(
            servicePort: servicePort,
            endpoints: numbers.map { number in
                Endpoint(
                    address: end(number).address, port: 8080,
                    conditions: unready.contains(number) ? [] : [.ready, .serving])
            })
    }

    private func ledger(_ policy: FailurePolicy, _ numbers: ClosedRange<Int>, unready: Set<Int> = []) -> EndpointLedger
    {
        var ledger = EndpointLedger(policy: policy)
        ledger.update(web.serviceName, [entry(numbers, unready: unready)])
        return ledger
    }

    private let retry = FailurePolicy(retriesConnections: true)
    private let ejection = FailurePolicy(ejectsOutliers: true)

    @discardableResult
    private func fail(
        _ ledger: inout EndpointLedger, _ number: Int, _ count: Int = 1, at seconds: Double,
        _ failure: ConnectionFailure = .unanswered
    ) -> EndpointLedger.Change? {
        var last: EndpointLedger.Change?
        for _ in 0..<count { last = ledger.record(.failed(failure), web, end(number), at: at(seconds)) }
        return last
    }

    @Test("with retry, one that fails is avoided for five seconds, and for longer if it fails again")
    func avoidance() {
        var ledger = ledger(retry, 1...3)
        #expect(fail(&ledger, 1, at: 0, .refused) == .avoided(.refused))
        #expect(ledger.setAside(web) == [end(1): .failed(.refused)])
        #expect(ledger.nextExpiry == at(5))
        // It is avoided already: no rule changes.
        #expect(fail(&ledger, 1, at: 3) == nil)
        #expect(ledger.setAside(web) == [end(1): .failed(.unanswered)])
        #expect(ledger.expire(at: at(7.9)).isEmpty)
        #expect(ledger.remainingTimes(web, at: at(7)) == [end(1): .seconds(1)])
        #expect(
            ledger.expire(at: at(8)) == [
                .init(servicePort: web, endpoint: end(1), change: .returned(wasEjected: false))
            ])
        #expect(ledger.setAside(web).isEmpty)
        #expect(ledger.nextExpiry == nil)
    }

    @Test("with retry, one that answers is no longer avoided: what failed was an exception")
    func answer() {
        var ledger = ledger(retry, 1...3)
        fail(&ledger, 1, at: 0)
        #expect(ledger.record(.answered, web, end(2), at: at(1)) == nil)
        #expect(ledger.record(.answered, web, end(1), at: at(1)) == .returned(wasEjected: false))
        #expect(ledger.setAside(web).isEmpty)
        #expect(ledger.record(.answered, web, end(1), at: at(2)) == nil)
        // One that is ejected stays so for its time.
        var ejecting = self.ledger(ejection, 1...3)
        fail(&ejecting, 1, 5, at: 0)
        #expect(ejecting.record(.answered, web, end(1), at: at(1)) == nil)
        #expect(ejecting.setAside(web)[end(1)]?.isEjection == true)
    }

    @Test("with retry alone none is ejected, with a delay of 0 none is avoided, and with neither nothing is remembered")
    func off() {
        var retrying = ledger(retry, 1...3)
        fail(&retrying, 1, 20, at: 0)
        #expect(retrying.setAside(web) == [end(1): .failed(.unanswered)])

        var undelayed = ledger(FailurePolicy(retriesConnections: true, avoidanceTime: .zero), 1...3)
        #expect(fail(&undelayed, 1, at: 0) == nil)
        #expect(undelayed.setAside(web).isEmpty)

        var off = ledger(.default, 1...3)
        #expect(off.isEmpty)
        #expect(fail(&off, 1, 20, at: 0) == nil)
        #expect(off.nextExpiry == nil)
    }

    @Test("a Service decides for itself, whatever the node does")
    func services() {
        var ledger = EndpointLedger(policy: FailurePolicy(retriesConnections: true, ejectsOutliers: true))
        ledger.update(web.serviceName, [entry(1...3, retries: false, ejects: false)])
        #expect(ledger.isEmpty && !ledger.judges(web))
        ledger.policy = .default
        ledger.update(web.serviceName, [entry(1...3, retries: true)])
        #expect(ledger.judges(web))
        fail(&ledger, 1, 9, at: 0)
        #expect(ledger.setAside(web) == [end(1): .failed(.unanswered)])
        ledger.update(web.serviceName, [entry(1...3, ejects: true)])
        #expect(ledger.setAside(web).isEmpty)
    }

    @Test("five failures in a row eject, if no success comes between them")
    func inARow() {
        var ledger = ledger(ejection, 1...3)
        #expect(fail(&ledger, 1, 4, at: 0) == nil)
        #expect(ledger.record(.answered, web, end(1), at: at(1)) == nil)
        #expect(fail(&ledger, 1, 4, at: 2) == nil)
        #expect(ledger.setAside(web).isEmpty)
        #expect(fail(&ledger, 1, at: 3) == .ejected(failures: 5, .unanswered, .seconds(30)))
        #expect(ledger.setAside(web) == [end(1): .ejected(failures: 5, .unanswered)])
        // Connections that began before go on failing.
        #expect(fail(&ledger, 1, 9, at: 4) == nil)
        #expect(ledger.setAside(web) == [end(1): .ejected(failures: 5, .unanswered)])
        #expect(ledger.nextExpiry == at(33))
        #expect(ledger.expire(at: at(33)).map(\.change) == [.returned(wasEjected: true)])
        // It is judged anew.
        #expect(fail(&ledger, 1, 4, at: 34) == nil)
    }

    @Test("each ejection takes 30 s longer than the last one, up to 300 s")
    func rising() {
        var ledger = ledger(ejection, 1...3)
        var now = 0.0
        for seconds in [30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300, 300] {
            #expect(fail(&ledger, 1, 5, at: now) == .ejected(failures: 5, .unanswered, .seconds(seconds)))
            now += Double(seconds)
            #expect(ledger.expire(at: at(now)).count == 1)
        }
    }

    @Test("each 30 s of good time take one ejection back")
    func forgiving() {
        var ledger = ledger(ejection, 1...3)
        fail(&ledger, 1, 5, at: 0)
        _ = ledger.expire(at: at(30))
        fail(&ledger, 1, 5, at: 30)
        _ = ledger.expire(at: at(90))
        // Two ejections, less one: the next one is the second again.
        #expect(fail(&ledger, 1, 5, at: 121) == .ejected(failures: 5, .unanswered, .seconds(60)))
        _ = ledger.expire(at: at(181))
        #expect(fail(&ledger, 1, 5, at: 500) == .ejected(failures: 5, .unanswered, .seconds(30)))
    }

    @Test(
        "at most so many percent are ejected at once, at least one, and never the last one",
        arguments: [
            (2, 50, 1), (3, 50, 1), (4, 50, 2), (10, 50, 5), (10, 25, 2), (3, 10, 1), (3, 100, 2), (1, 100, 0),
            (3, 0, 0),
        ])
    func percent(endpoints: Int, percent: Int, ejected: Int) {
        var ledger = ledger(
            FailurePolicy(ejectsOutliers: true, maxEjectionPercent: percent), 1...endpoints)
        for number in 1...endpoints { fail(&ledger, number, 10, at: Double(number)) }
        #expect(ledger.setAside(web).count == ejected)
        #expect(ledger.setAside(web)[end(endpoints)] == nil)
    }

    @Test("one that could not be ejected is, with its next failure, when another one has returned")
    func later() {
        var ledger = ledger(ejection, 1...2)
        fail(&ledger, 1, 5, at: 0)
        #expect(fail(&ledger, 2, 5, at: 1) == nil)
        _ = ledger.expire(at: at(30))
        #expect(fail(&ledger, 2, at: 31) == .ejected(failures: 6, .unanswered, .seconds(30)))
    }

    @Test("the last one that is ready is not ejected, however many are not ready")
    func lastReady() {
        var ledger = ledger(ejection, 1...4, unready: [2, 3, 4])
        #expect(fail(&ledger, 1, 10, at: 0) == nil)
        ledger.update(web.serviceName, [entry(1...4, unready: [2, 3])])
        #expect(fail(&ledger, 1, at: 1) == .ejected(failures: 11, .unanswered, .seconds(30)))
    }

    @Test("with retry, an ejection takes the place of the avoidance")
    func both() {
        var ledger = ledger(FailurePolicy(retriesConnections: true, ejectsOutliers: true), 1...3)
        #expect(fail(&ledger, 1, at: 0) == .avoided(.unanswered))
        #expect(fail(&ledger, 1, 4, at: 1) == .ejected(failures: 5, .unanswered, .seconds(30)))
        #expect(ledger.expire(at: at(10)).isEmpty)
        #expect(ledger.expire(at: at(31)).map(\.change) == [.returned(wasEjected: true)])
    }

    @Test("an endpoint that leaves the cluster is forgotten, and one that comes back begins anew")
    func forgotten() {
        var ledger = ledger(ejection, 1...3)
        fail(&ledger, 1, 5, at: 0)
        ledger.update(web.serviceName, [entry(2...4)])
        #expect(ledger.setAside(web).isEmpty)
        #expect(ledger.nextExpiry == nil)
        #expect(fail(&ledger, 1, 9, at: 1) == nil)
        ledger.update(web.serviceName, [entry(1...4)])
        #expect(fail(&ledger, 1, 5, at: 2) == .ejected(failures: 5, .unanswered, .seconds(30)))
        ledger.update(web.serviceName, [])
        #expect(ledger.isEmpty && ledger.setAside(web).isEmpty)
        ledger.replace([entry(1...3)])
        #expect(ledger.judges(web))
        ledger.replace([])
        #expect(ledger.isEmpty)
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import Testing

@testable import Monitoring

@Suite("Rates of traffic") struct TrafficRatesTests {
    private let sample = TrafficSample(services: ["web": [1, 2], "idle": [3]])
    private let start = ContinuousClock.now

    private func ledger(_ connections: [UInt32: UInt64]) -> TrafficLedger {
        var ledger = TrafficLedger(retiredLimit: 10)
        _ = ledger.absorb(sample.reading(["web": connections]), of: sample.compilation, doubting: false)
        return ledger
    }

    @Test("are between the last two readings")
    func twoReadings() throws {
        var rates = TrafficRates()
        #expect(rates.rates(of: TrafficSample.name) == nil)
        rates.note(ledger([1: 5]), at: start)
        #expect(rates.rates(of: TrafficSample.name) == nil)
        rates.note(ledger([1: 15, 2: 10]), at: start + .seconds(10))
        #expect(rates.rates(of: TrafficSample.name)?.connections == 2)
        #expect(rates.rates(of: TrafficSample.name)?.refused == 0)
        #expect(rates.rates(of: ServicePort.sample("idle").name)?.connections == 0)
        rates.note(ledger([1: 15, 2: 10]), at: start + .seconds(20))
        #expect(rates.rates(of: TrafficSample.name)?.connections == 0)
    }

    @Test("are not made of readings that come at the same time, nor of a count that began again")
    func oddReadings() throws {
        var rates = TrafficRates()
        rates.note(ledger([1: 10]), at: start)
        rates.note(ledger([1: 11]), at: start + .milliseconds(100))
        #expect(rates.rates(of: TrafficSample.name) == nil)
        rates.note(ledger([1: 21]), at: start + .milliseconds(2100))
        #expect(rates.rates(of: TrafficSample.name)?.connections == 5)
        rates.note(ledger([1: 4]), at: start + .milliseconds(4100))
        #expect(rates.rates(of: TrafficSample.name)?.connections == 2)
    }
}

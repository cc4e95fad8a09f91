// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing
import XTables

@testable import Proxy

@Suite("The pace of judging foreign rules") struct ForeignRulePaceTests {
    private let start = ContinuousClock.now
    private let none: [RulesAhead] = []
    private let some = [RulesAhead(table: .nat, family: .ipv4, entrances: [], chains: [:])]

    @Test("other rules are judged at once, the same ones with the same Services never again")
    func rules() {
        var pace = ForeignRulePace()
        let found1 = pace.found(none, servicesChanged: false, at: start)
        #expect(!found1)
        let found2 = pace.found(some, servicesChanged: false, at: start)
        #expect(found2)
        pace.ended(some, at: start, taking: .seconds(1))
        let found3 = pace.found(some, servicesChanged: false, at: start + .seconds(1))
        #expect(!found3)
        let found4 = pace.found(some, servicesChanged: false, at: start + .seconds(1_000_000))
        #expect(!found4)
        let found5 = pace.found(none, servicesChanged: false, at: start + .seconds(2))
        #expect(found5)
    }

    @Test("the same rules with other Services are judged as long as that takes a small share of the time")
    func services() {
        var pace = ForeignRulePace()
        let found6 = pace.found(some, servicesChanged: true, at: start)
        #expect(found6)
        // A small cluster: a tenth of a millisecond.
        pace.ended(some, at: start, taking: .microseconds(100))
        let found7 = pace.found(some, servicesChanged: true, at: start + .milliseconds(30))
        #expect(found7)
        // Ten thousand Services.
        pace.ended(some, at: start, taking: .milliseconds(100))
        var judgements = 0
        for second in 0..<100 {
            let now = start + .seconds(second)
            guard pace.found(some, servicesChanged: true, at: now) else { continue }
            judgements += 1
            pace.ended(some, at: now, taking: .milliseconds(100))
        }
        // The first time may be chance, so another one comes soon.
        #expect(judgements == 4)
    }

    @Test("what was put off is made up for, also when nothing changes any longer")
    func check() {
        var pace = ForeignRulePace()
        pace.ended(some, at: start, taking: .milliseconds(100))
        #expect(!pace.isDue(at: start + .seconds(100)))
        let found8 = pace.found(some, servicesChanged: true, at: start + .seconds(1))
        #expect(!found8)
        #expect(!pace.isDue(at: start + .seconds(2)))
        #expect(pace.isDue(at: start + .seconds(30)))
        pace.ended(some, at: start + .seconds(30), taking: .milliseconds(100))
        #expect(!pace.isDue(at: start + .seconds(100)))
    }
}

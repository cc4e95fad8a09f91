// SPDX-License-Identifier: Apache-2.0

import Testing
import XTables

@testable import RuleEvaluation

@Suite("Shares") struct ShareTests {
    private func share(_ fraction: UInt32) -> Share { Share(Probability(fraction: fraction)) }

    @Test("of all endpoints of a Service are all packets, exactly", arguments: [1, 2, 3, 7, 44, 300])
    func sum(count: Int) {
        var (left, sum) = (Share.all, Share.none)
        for place in 1..<count {
            let drawn = Share(Probability(oneOutOf: count - place + 1))
            sum += left * drawn
            left = left * drawn.rest
        }
        #expect(sum + left == .all)
        #expect(left.approximation > 0.99 / Double(count) && left.approximation < 1.01 / Double(count))
    }

    @Test("are reduced, so that equal ones are equal")
    func reduced() {
        #expect(share(1 << 30) + share(1 << 30) == .all)
        #expect(share(1 << 29) + share(1 << 29) == share(1 << 30))
        #expect(share(1 << 30) * share(1 << 30) == share(1 << 29))
        #expect(Share.all - .all == .none)
        #expect((share(3) * share(5) * share(7)).rest.rest == share(3) * share(5) * share(7))
    }

    @Test("carry and borrow over words")
    func carries() {
        let tiny = share(1) * share(1) * share(1)
        #expect(tiny + tiny.rest == .all)
        #expect(tiny.rest < .all && tiny > .none && tiny < share(1))
        #expect(Share.all - tiny == tiny.rest)
        let powers = (0..<9).reduce(Share.all) { power, _ in power * share(0x7fff_ffff) }
        #expect(powers.rest + powers == .all)
    }

    @Test("are ordered by size")
    func order() {
        let shares = [Share.none, share(1), share(2), share(715_827_883), share(1 << 30), share(1 << 30).rest, .all]
        #expect(shares.sorted() == shares)
        #expect(share(1 << 30) >= share(1 << 30).rest)
    }

    @Test("are printed in per cent, rounded from the fraction")
    func text() {
        #expect("\(Share.none)" == "0.00%")
        #expect("\(Share.all)" == "100.00%")
        #expect("\(share(715_827_883))" == "33.33%")
        #expect("\(share(715_827_883).rest)" == "66.67%")
        #expect(share(715_827_883).percentText(decimals: 9) == "33.333333349%")
        #expect(share(1 << 28).percentText(decimals: 0) == "13%")
        #expect(share(1).percentText(decimals: 2) == "0.00%")
        #expect((share(1 << 30) * share(1)).percentText(decimals: 12) == "0.000000023283%")
    }

    @Test("are near their approximation")
    func approximation() {
        #expect(Share.none.approximation == 0)
        #expect(Share.all.approximation == 1)
        #expect(share(715_827_883).approximation == 715_827_883 / 0x1p31)
        let small = (0..<40).reduce(Share.all) { power, _ in power * share(1) }
        #expect(small.approximation == 0)
    }
}

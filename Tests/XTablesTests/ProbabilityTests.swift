// SPDX-License-Identifier: Apache-2.0

import Testing
import XTables

@Suite struct ProbabilityTests {
    /// Numerators as iptables 1.8.9 makes them of the texts kube-proxy writes; 1/44 rounded directly is 48,806,447.
    @Test(arguments: [
        (1, 2_147_483_648), (2, 1_073_741_824), (3, 715_827_883), (10, 214_748_365), (44, 48_806_446),
        (100_000, 21_475),
    ])
    func goesByWayOfTenDecimals(count: Int, fraction: UInt32) {
        #expect(Probability(oneOutOf: count).fraction == fraction)
    }

    @Test func fiftyFiveOfAThousandDifferFromADirectRounding() {
        let different = (2...1001).filter { count in
            Probability(oneOutOf: count).fraction != UInt32((0x1p31 / Double(count)).rounded())
        }
        #expect(different.count == 55)
        #expect(different.first == 44)
    }

    @Test func fallsStrictlyUpToFortyThousandEndpoints() {
        // From about 46,000 on, neighbours are closer together than the kernel's fractions.
        let fractions = (1...40_000).map { Probability(oneOutOf: $0).fraction }
        #expect(zip(fractions, fractions.dropFirst()).allSatisfy { $0 > $1 })
    }
}

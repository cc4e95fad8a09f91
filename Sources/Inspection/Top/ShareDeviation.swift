// SPDX-License-Identifier: Apache-2.0

/// Whether an endpoint gets more or fewer connections than its share, beyond what chance explains.
package enum ShareDeviation: String, Sendable, Hashable, Codable {
    case more
    case less

    /// How often chance alone may mark an endpoint of a service port, for each time that it is asked: once in a million.
    ///
    /// Of the endpoints of a port each is tested at this level divided by their number (Bonferroni).
    package static let level = 1e-6

    /// A count closer to the expectation than this, in standard deviations, is never beyond ``level``: the tails of a
    /// binomial distribution are at least 0.0001 there.
    private static let nearby = 3.0

    /// Compares a count with what is expected; `nil` if chance explains it.
    ///
    /// - Parameters:
    ///   - connections: those that the endpoint got.
    ///   - all: those that all endpoints of the port got.
    ///   - share: the expected share, 0–1.
    ///   - endpoints: the number of endpoints of the port that are compared.
    init?(_ connections: UInt64, of all: UInt64, expected share: Double, endpoints: Int) {
        let mean = Double(all) * share
        let distance = Double(connections) - mean
        guard all > 0, distance * distance >= Self.nearby * Self.nearby * mean * (1 - share) else { return nil }
        let probability = BinomialTest.twoSided(connections, of: all, probability: share)
        guard probability < Self.level / Double(max(1, endpoints)) else { return nil }
        self = distance > 0 ? .more : .less
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// How an endpoint did not take a connection.
public enum ConnectionFailure: String, Sendable, Hashable, CaseIterable {
    /// It answered with a reset (RFC 9293, 3.10.7.1): nothing listens at the port.
    case refused
    /// It did not answer in time.
    case unanswered
}

/// Why this node does without an endpoint for a while, though the cluster calls it ready.
public enum SetAside: Sendable, Hashable {
    /// A connection failed just now, and others are to reach another endpoint.
    case failed(ConnectionFailure)
    /// So many connections in a row failed, the last of them in this way.
    case ejected(failures: Int, ConnectionFailure)

    /// Whether the endpoint was ejected, and not only avoided.
    public var isEjection: Bool {
        switch self {
        case .failed: false
        case .ejected: true
        }
    }
}

extension SetAside {
    /// In words, for example `ejected: 5 connections in a row unanswered`.
    public var explanation: String { "\(isEjection ? "ejected" : "avoided"): \(cause)" }

    /// What the endpoint did, for example `a connection was refused`.
    var cause: String {
        switch self {
        case .failed(let failure), .ejected(1, let failure): "a connection was \(failure.rawValue)"
        case .ejected(let count, let failure): "\(count) connections in a row \(failure.rawValue)"
        }
    }
}

/// Endpoints of a service port that are set aside, and what that is limited by: a list of endpoints is never emptied by it.
struct EndpointAvoidance {
    let setAside: [AddressPort: SetAside]

    /// Selects with all of them set aside; if nothing is left, with the ejected ones only; if still nothing is, with none.
    ///
    /// - Parameter select: selects endpoints among those that are not in the dictionary.
    func select(_ select: ([AddressPort: SetAside]) -> [EndpointVerdict]) -> [EndpointVerdict] {
        if !setAside.isEmpty {
            for step in [setAside, setAside.filter { $0.value.isEjection }] where !step.isEmpty {
                let verdicts = select(step)
                if verdicts.contains(where: \.isUsed) { return verdicts }
            }
        }
        return select([:])
    }
}

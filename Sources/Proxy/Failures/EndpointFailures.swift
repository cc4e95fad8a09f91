// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel

/// Connections to one endpoint that failed in a short time, in one way.
package struct EndpointFailures: Sendable, Hashable {
    package let servicePort: ServicePortName
    package let endpoint: AddressPort
    package let failure: ConnectionFailure
    /// How many failed.
    package internal(set) var count = 0
    /// How many of them are balanced again.
    package internal(set) var retried = 0
}

/// An endpoint that gets no connections for a time, or gets them again.
package struct EndpointJudgement: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// It is avoided, because a connection failed.
        case avoided(ConnectionFailure)
        /// It is ejected for so long, after so many failures in a row.
        case ejected(failures: Int, ConnectionFailure, Duration)
        /// It gets connections again; what it did without them for.
        case returned(wasEjected: Bool)
    }

    package let family: IPFamily
    package let servicePort: ServicePortName
    package let endpoint: AddressPort
    package let kind: Kind
}

extension EndpointJudgement: CustomStringConvertible {
    /// `default/web:http: 10.244.1.5:8080 ejected for 30 s: 5 connections in a row unanswered`.
    package var description: String {
        let subject = "\(servicePort): \(endpoint)"
        return switch kind {
        case .avoided(let failure): "\(subject) avoided: a connection was \(failure.rawValue)"
        case .ejected(let failures, let failure, let time):
            "\(subject) ejected for \(Int((time / .seconds(1)).rounded())) s: "
                + (failures == 1 ? "a connection was" : "\(failures) connections in a row") + " \(failure.rawValue)"
        case .returned(true): "\(subject) is no longer ejected"
        case .returned(false): "\(subject) is no longer avoided"
        }
    }
}

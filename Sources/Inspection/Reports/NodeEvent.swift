// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel

/// Something that happened on this node, as `kubetables events` shows it.
package struct NodeEvent: Sendable, Hashable, Codable {
    /// What it is about.
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// The program began or ended to make rules, or took over options.
        case program
        /// A change of a Service is in force.
        case change
        /// All rules were written anew: at the start, or because the node or options changed.
        case sync
        /// Another program had changed rules of ours; they were repaired.
        case drift
        /// Something went wrong.
        case error
        /// What went wrong is well again.
        case recovery
        /// Something is not as its author may have meant it.
        case warning
        /// Stale flows were deleted.
        case flows
    }

    /// The number of the event, from 1; each event has the next one.
    package var number: Int
    /// When it was seen, as RFC 3339 has it, with milliseconds.
    package var time: String
    package var kind: Kind
    /// `IPv4` or `IPv6`; `nil` if it concerns both.
    package var ipFamily: String?
    /// The Service, as `namespace/name`; `nil` if it concerns no single one.
    package var service: String?
    /// What happened, in one line.
    package var message: String
    /// The rules or other lines that belong to it.
    package var details: [String]?
    /// What changed of the Service's endpoints.
    package var endpoints: EndpointChange?
    /// From the moment at which a change was seen in the cluster until its rules were in force, in milliseconds.
    package var latencyMilliseconds: Int?

    /// What changed of a Service's endpoints.
    package struct EndpointChange: Sendable, Hashable, Codable {
        /// The addresses that came; of many, the first.
        package var added: [String]
        /// The addresses that went; of many, the first.
        package var removed: [String]
        /// How many came.
        package var addedCount: Int
        /// How many went.
        package var removedCount: Int
        /// How many are ready.
        package var ready: Int
        /// How many are known.
        package var known: Int

        package init(added: [IPAddress], removed: [IPAddress], ready: Int, known: Int) {
            self.added = added.prefix(Self.addressLimit).map(\.description)
            self.removed = removed.prefix(Self.addressLimit).map(\.description)
            addedCount = added.count
            removedCount = removed.count
            self.ready = ready
            self.known = known
        }

        private static let addressLimit = 8
    }

    /// An event without a number and a time, which it gets when it is kept; long texts are cut.
    package init(
        _ kind: Kind, _ message: String, family: IPFamily? = nil, service: ServiceName? = nil, details: [String] = []
    ) {
        number = 0
        time = ""
        self.kind = kind
        self.message = String(message.prefix(Self.textLimit))
        ipFamily = family?.kubernetesName
        self.service = service?.description
        self.details =
            details.isEmpty ? nil : details.prefix(Self.detailLimit).map { String($0.prefix(Self.textLimit)) }
    }

    /// The most characters of a text that are kept.
    private static let textLimit = 500
    /// The most details that are kept.
    private static let detailLimit = 8
}

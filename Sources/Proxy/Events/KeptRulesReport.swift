// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel

/// What of an earlier run's rules stays in a kernel because the input could not be read completely since the start.
package struct KeptRulesReport: Sendable, Hashable {
    package let family: IPFamily
    /// The Services that no readable object names and whose rules stay, ordered by name.
    package let services: [ServiceName]
    /// The number of their chains.
    package let chains: Int
    /// The number of their rules.
    package let rules: Int
    /// The Services that readable objects name, and that keep endpoints which only the kernel knows.
    package let servicesWithEndpoints: [ServiceName]
    /// The number of these endpoints, once for each service port.
    package let endpoints: Int
    /// The files and objects that cannot be read.
    package let unreadable: [String]

    package init(
        family: IPFamily, services: [ServiceName] = [], chains: Int = 0, rules: Int = 0,
        servicesWithEndpoints: [ServiceName] = [], endpoints: Int = 0, unreadable: [String] = []
    ) {
        self.family = family
        self.services = services
        self.chains = chains
        self.rules = rules
        self.servicesWithEndpoints = servicesWithEndpoints
        self.endpoints = endpoints
        self.unreadable = unreadable
    }

    /// Whether nothing stays.
    package var isEmpty: Bool { rules == 0 && endpoints == 0 }

    private static let named = 5

    /// For example `8 chains and 26 rules of 1 Service (default/dns) stay as the kernel has them, because m/a.yaml cannot
    /// be read since the start`.
    package var message: String {
        var parts: [String] = []
        if rules > 0 {
            let owners =
                services.isEmpty
                ? "unknown Services"
                : "\(Self.count(services.count, "Service")) (\(Self.list(services.map(\.description))))"
            parts.append("\(Self.count(chains, "chain")) and \(Self.count(rules, "rule")) of \(owners)")
        }
        if endpoints > 0 {
            let services = Self.list(servicesWithEndpoints.map(\.description))
            parts.append("\(Self.count(endpoints, "endpoint")) of \(services)")
        }
        return
            "\(parts.joined(separator: ", and ")) stay as the kernel has them, because this could not be read since the "
            + "start: \(Self.list(unreadable))"
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private static func list(_ names: [String]) -> String {
        let more = names.count - named
        return names.prefix(named).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }
}

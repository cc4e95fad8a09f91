// SPDX-License-Identifier: Apache-2.0

import KernelTables
import KubernetesObjects
import NetworkTypes
import Proxy
import ServiceModel
import XTables

/// What is not as it should be at one moment, as JSON has it.
package struct Problems: Sendable, Hashable, Encodable {
    /// What is wrong with an object or file: an error, so that its last good state stays in force, or a warning.
    struct ObjectFinding: Sendable, Hashable, Encodable {
        let kind: String?
        let namespace: String?
        let name: String?
        let file: String?
        let line: Int?
        let field: String?
        let message: String
        /// All of it in one line.
        let text: String

        enum CodingKeys: CodingKey { case kind, namespace, name, file, line, field, message }
    }

    /// What of an earlier run's rules stays, because some input could not be read since the start.
    struct KeptRules: Sendable, Hashable, Encodable {
        let ipFamily: String
        /// The Services that no readable object names, as `namespace/name`.
        let services: [String]
        let chains: Int
        let rules: Int
        /// The Services that keep endpoints which only the kernel knows.
        let servicesWithEndpoints: [String]
        let endpoints: Int
        /// The files and objects that cannot be read.
        let unreadable: [String]
        let message: String
    }

    /// An address or port that two Services claim.
    struct Conflict: Sendable, Hashable, Encodable {
        let claim: String
        let loser: String
        let winner: String
        let message: String
    }

    /// A foreign rule that can take packets before our jumps.
    struct ForeignRule: Sendable, Hashable, Encodable {
        let ipFamily: String
        let table: String
        let chain: String
        let rule: String
        let effect: String
        /// The well-known program whose chain the rule is in.
        let owner: String?
    }

    /// A feature that the kernel refuses.
    struct UnsupportedFeature: Sendable, Hashable, Encodable {
        let ipFamily: String
        let feature: String
        let consequence: String
        let affected: [String]
    }

    /// A health check node port on which load balancers get no answer.
    struct UnservedHealthCheck: Sendable, Hashable, Encodable {
        let ipFamily: String
        /// As `namespace/name`.
        let service: String
        let address: String
        let reason: String
    }

    /// A family whose rules are not in sync.
    struct OutOfSync: Sendable, Hashable, Encodable {
        let ipFamily: String
        /// Since when, as RFC 3339 has it.
        let since: String
        let reason: String
    }

    /// What is odd about the options.
    struct ConfigurationWarning: Sendable, Hashable, Encodable {
        let message: String
    }

    /// What is odd about the host.
    struct HostWarning: Sendable, Hashable, Encodable {
        let ipFamily: String
        let message: String
    }

    var outOfSync: [OutOfSync] = []
    var invalidObjects: [ObjectFinding] = []
    var objectWarnings: [ObjectFinding] = []
    var keptRules: [KeptRules] = []
    var conflicts: [Conflict] = []
    var foreignRulesAhead: [ForeignRule] = []
    var unsupportedFeatures: [UnsupportedFeature] = []
    var unservedHealthChecks: [UnservedHealthCheck] = []
    var hostWarnings: [HostWarning] = []
    var configurationWarnings: [ConfigurationWarning] = []

    /// The text for people: a line for each problem, under a heading for each kind.
    var lines: [String] {
        let sections: [(String, [String])] = [
            ("out of sync", outOfSync.map { "\($0.ipFamily): since \($0.since): \($0.reason)" }),
            ("invalid objects (the last good state of each stays in force)", invalidObjects.map(\.text)),
            ("warnings about objects that are used", objectWarnings.map(\.text)),
            ("rules kept from an earlier run", keptRules.map { "\($0.ipFamily): \($0.message)" }),
            ("conflicts", conflicts.map(\.message)),
            (
                "foreign rules ahead of ours",
                foreignRulesAhead.map { "\($0.ipFamily) \($0.table) \($0.chain): \($0.rule): \($0.effect)" }
            ),
            (
                "features that the kernel refuses",
                unsupportedFeatures.map {
                    "\($0.ipFamily): \($0.feature); \($0.affected.joined(separator: ", ")): \($0.consequence)"
                }
            ),
            (
                "health check node ports that are not served",
                unservedHealthChecks.map { "\($0.ipFamily): \($0.service) on \($0.address): \($0.reason)" }
            ),
            ("host", hostWarnings.map { "\($0.ipFamily): \($0.message)" }),
            ("configuration", configurationWarnings.map(\.message)),
        ]
        let lines = sections.filter { !$0.1.isEmpty }.flatMap { title, lines in
            ["\(title): \(lines.count)"] + lines.map { "  \($0)" }
        }
        return lines.isEmpty ? ["no problems"] : lines
    }
}

extension Problems.KeptRules {
    init(_ report: KeptRulesReport) {
        ipFamily = report.family.kubernetesName
        services = report.services.map(\.description)
        chains = report.chains
        rules = report.rules
        servicesWithEndpoints = report.servicesWithEndpoints.map(\.description)
        endpoints = report.endpoints
        unreadable = report.unreadable
        message = report.message
    }
}

extension Problems.ObjectFinding {
    init(_ diagnostic: Diagnostic) {
        kind = diagnostic.kind
        namespace = diagnostic.name.flatMap { $0.namespace.isEmpty ? nil : $0.namespace }
        name = diagnostic.name?.name
        file = diagnostic.file.isEmpty ? nil : diagnostic.file
        line = diagnostic.line
        field = diagnostic.field.isEmpty ? nil : diagnostic.field
        message = diagnostic.message
        text = "\(diagnostic)"
    }
}

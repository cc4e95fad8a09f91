// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import ForeignRules
import Foundation
import HTTPServing
import KernelTables
import KubernetesObjects
import Messages
import NetworkTypes
import Proxy
import ServiceModel
import Synchronization
import XTables

/// Keeps what is not as it should be, as the loop reports it, for `/problems`.
package final class ProblemRecord: ProxyObserver {
    private struct State {
        var invalidObjects: [Diagnostic] = []
        var objectWarnings: [Diagnostic] = []
        var conflicts: [ServiceConflict] = []
        var foreignRules: [IPFamily: [ForeignRuleAhead]] = [:]
        var unsupported: [IPFamily: [UnsupportedFeature]] = [:]
        var outOfSync: [IPFamily: (since: Timestamp, reason: String)] = [:]
        var hostWarnings: [IPFamily: [String]] = [:]
        var keptRules: [IPFamily: KeptRulesReport] = [:]
        var unservedHealthChecks: [IPFamily: [UnservedHealthCheck]] = [:]
        var configurationWarnings: [String] = []
        /// Why endpoints that fail are not found; `nil` if they are, or need not be.
        var unfollowedConnections: FlowTableFailure?
        /// Why no rules can be made or renewed.
        var obstacle: (since: Timestamp, reason: String)?
    }

    private let families: [IPFamily]
    private let now: @Sendable () -> Timestamp
    private let state: Mutex<State>

    /// - Parameters:
    ///   - families: the families whose rules are kept in sync; none of them is at first.
    ///   - now: the calendar.
    package init(families: [IPFamily] = IPFamily.allCases, now: @escaping @Sendable () -> Timestamp = { .now }) {
        self.families = families
        self.now = now
        var state = State()
        for family in families { state.outOfSync[family] = (now(), "no rules have been applied yet") }
        self.state = Mutex(state)
    }

    package func observe(_ event: ProxyEvent) {
        switch event {
        case .invalidObjects(let errors): state.withLock { $0.invalidObjects = errors }
        case .objectWarnings(let warnings): state.withLock { $0.objectWarnings = warnings }
        case .conflicts(let conflicts): state.withLock { $0.conflicts = conflicts }
        case .foreignRulesAhead(let family, let rules): state.withLock { $0.foreignRules[family] = rules }
        case .hostChecked(let family, let warnings): state.withLock { $0.hostWarnings[family] = warnings }
        case .rulesKept(let report):
            state.withLock { $0.keptRules[report.family] = report.isEmpty ? nil : report }
        case .configurationChecked(let warnings): state.withLock { $0.configurationWarnings = warnings }
        case .waiting(let kinds):
            setObstacle("waiting for a complete list of \(kinds.map(\.rawValue).joined(separator: ", "))")
        case .unusableSettings(let reason):
            setObstacle("the options do not fit this node: \(reason)")
        case .started:
            state.withLock { $0.obstacle = nil }
        case .synchronized(let synchronization):
            state.withLock { state in
                state.outOfSync[synchronization.family] = nil
                state.obstacle = nil
                state.unsupported[synchronization.family] = synchronization.report.unsupported
            }
        case .failed(let failure):
            state.withLock { state in
                let since = state.outOfSync[failure.family]?.since ?? now()
                state.outOfSync[failure.family] = (since, "\(failure.error)")
            }
        case .optionsChanged, .missingNode, .nodeLeaving, .objectsChanged, .changesPending, .changeQueued,
            .healthChecksChanged, .flowsCleaned, .flowsNotCleaned, .recognizedRulesAhead, .contactChanged,
            .connectionsFailed, .endpointJudged, .connectionEventsLost:
            break
        case .connectionsNotFollowed(let failure):
            state.withLock { $0.unfollowedConnections = failure }
        }
    }

    /// Sets what of a family's health checks cannot be served now.
    package func set(_ unserved: [UnservedHealthCheck], _ family: IPFamily) {
        state.withLock { $0.unservedHealthChecks[family] = unserved }
    }

    private func setObstacle(_ reason: String) {
        state.withLock { state in state.obstacle = (state.obstacle?.since ?? now(), reason) }
    }

    /// The errors of all objects and files that cannot be used now.
    var invalidObjects: [Diagnostic] { state.withLock(\.invalidObjects) }

    /// The warnings about all objects and files that are used.
    var objectWarnings: [Diagnostic] { state.withLock(\.objectWarnings) }

    /// Since when a family's rules are not in sync, and why; `nil` if they are.
    func outOfSync(_ family: IPFamily) -> (since: Timestamp, reason: String)? {
        state.withLock { state in
            guard let failure = state.outOfSync[family] else { return state.obstacle }
            return (failure.since, state.obstacle.map { "\(failure.reason): \($0.reason)" } ?? failure.reason)
        }
    }

    /// The problems now.
    package var problems: Problems {
        let state = state.withLock { $0 }
        var problems = Problems()
        problems.invalidObjects = state.invalidObjects.map(Problems.ObjectFinding.init)
        problems.objectWarnings = state.objectWarnings.map(Problems.ObjectFinding.init)
        problems.conflicts = state.conflicts.map {
            Problems.Conflict(
                claim: "\($0.claim)", loser: "\($0.loser)", winner: "\($0.winner)", message: $0.message)
        }
        let unfollowed = state.unfollowedConnections.map {
            "endpoints that fail are neither avoided nor ejected: \($0)"
        }
        problems.configurationWarnings = (state.configurationWarnings + (unfollowed.map { [$0] } ?? [])).map {
            .init(message: $0)
        }
        for family in families {
            let name = family.kubernetesName
            if let failure = outOfSync(family) {
                problems.outOfSync.append(
                    .init(ipFamily: name, since: "\(failure.since)", reason: failure.reason))
            }
            problems.keptRules += state.keptRules[family].map { [Problems.KeptRules($0)] } ?? []
            problems.foreignRulesAhead += (state.foreignRules[family] ?? []).map {
                .init(
                    ipFamily: name, table: $0.table.rawValue, chain: $0.chain, rule: $0.rule, effect: $0.effect,
                    owner: $0.owner)
            }
            problems.unsupportedFeatures += (state.unsupported[family] ?? []).map {
                .init(
                    ipFamily: name, feature: "\($0.feature)", consequence: $0.feature.consequence,
                    affected: $0.affected)
            }
            problems.unservedHealthChecks += (state.unservedHealthChecks[family] ?? []).map {
                .init(ipFamily: name, service: "\($0.service)", address: "\($0.address)", reason: $0.reason)
            }
            problems.hostWarnings += (state.hostWarnings[family] ?? []).map { .init(ipFamily: name, message: $0) }
        }
        return problems
    }

    /// The problems now, as text.
    package var text: HTTPAnswer {
        var page = PageContent()
        for line in problems.lines { page.append(MessageText.line(line) + "\n") }
        return .text(page)
    }

    /// The problems now, as a JSON object with a list for each kind.
    package var json: HTTPAnswer {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            var page = PageContent()
            page.append(JSONEscapes.printable(Array(try encoder.encode(problems))))
            page.append("\n")
            return HTTPAnswer(contentType: "application/json", page)
        }
    }
}

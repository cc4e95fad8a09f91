// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import ForeignRules
import Inspection
import KernelTables
import KubernetesAPI
import KubernetesObjects
import NetworkTypes
import Proxy
import ServiceModel
import Synchronization

/// Keeps the last events of the node in memory, for `kubetables events` and the page.
///
/// A change of a Service takes about 300 bytes, and no event more than 5 kB: the default of 10,000 events stays below 5 MB on
/// most nodes.
package final class EventRecord: ProxyObserver {
    /// How many events are kept by default.
    package static let defaultCapacity = 10_000

    fileprivate struct State {
        var ring = RingBuffer<Entry>(capacity: 0)
        var lastNumber = 0
        var failures: [IPFamily: String] = [:]
        var invalidObjects: Set<String> = []
        var conflicts: Set<ServiceConflict> = []
        var foreignRules: [IPFamily: Set<String>] = [:]
        var hostWarnings: [IPFamily: Set<String>] = [:]
        var configurationWarnings: Set<String> = []
        var syncWarnings: [IPFamily: Set<String>] = [:]
        var missingNodes: Set<String> = []
        var waitsFor = ""
        /// The resources of the API server that cannot be asked for, and since when.
        var lostResources: Set<String> = []
        var lostSince: Timestamp?
    }

    fileprivate struct Entry {
        let time: Timestamp
        let service: ServiceName?
        let event: NodeEvent
    }

    private let now: @Sendable () -> Timestamp
    private let state: Mutex<State>

    /// - Parameters:
    ///   - capacity: how many events are kept, 1–1,000,000; the oldest ones go first.
    ///   - now: the calendar.
    package init(capacity: Int = defaultCapacity, now: @escaping @Sendable () -> Timestamp = { .now }) {
        self.now = now
        state = Mutex(State(ring: RingBuffer(capacity: capacity)))
    }

    /// The events that are kept and asked for, the oldest one first.
    package func events(_ inquiry: EventInquiry = EventInquiry()) -> [NodeEvent] {
        state.withLock { state in
            state.ring.elements(where: inquiry.includes).map(\.event)
        }
    }

    package func observe(_ event: ProxyEvent) {
        let time = now()
        state.withLock { state in
            for (event, service) in state.events(of: event, time) {
                state.lastNumber += 1
                var event = event
                event.number = state.lastNumber
                event.time = time.withMilliseconds
                state.ring.append(Entry(time: time, service: service, event: event))
            }
        }
    }
}

extension EventRecord: KeptEvents {}

extension EventInquiry {
    fileprivate func includes(_ entry: EventRecord.Entry) -> Bool {
        if let since, entry.time < since { return false }
        if let service, entry.service != service { return false }
        return entry.event.number > after
    }
}

extension EventRecord.State {
    /// What is worth an event; what was already said is not said again.
    fileprivate mutating func events(of event: ProxyEvent, _ now: Timestamp) -> [(NodeEvent, ServiceName?)] {
        switch event {
        case .synchronized(let synchronization):
            return events(of: synchronization, now)
        case .conflicts(let all):
            defer { conflicts = Set(all) }
            return all.filter { !conflicts.contains($0) }.map { conflict in
                (NodeEvent(.warning, conflict.message, service: conflict.loser.service), conflict.loser.service)
            }
                + conflicts.subtracting(all).sorted().map { conflict in
                    let text = "\(conflict.claim) is no longer claimed by both \(conflict.loser) and \(conflict.winner)"
                    return (NodeEvent(.recovery, text, service: conflict.loser.service), conflict.loser.service)
                }
        case .contactChanged(let change):
            return events(of: change, now).map { ($0, nil) }
        case .endpointJudged(let judgement):
            return Self.event(judgement).map { [($0, judgement.servicePort.serviceName)] } ?? []
        default:
            return general(event).map { ($0, nil) }
        }
    }

    private mutating func events(
        of synchronization: Synchronization, _ now: Timestamp
    ) -> [(NodeEvent, ServiceName?)] {
        let (family, report) = (synchronization.family, synchronization.report)
        let summary = SyncSummary(report)
        var events: [(NodeEvent, ServiceName?)] = []
        if failures.removeValue(forKey: family) != nil {
            events.append((NodeEvent(.recovery, "\(family.kubernetesName): in sync again", family: family), nil))
        }
        for drift in report.drift {
            let rules = drift.groups.flatMap { group in
                let name = group.servicePort.map { "\($0): " } ?? ""
                return group.differences.map { name + $0.text }
            }
            let text = "\(summary.driftHeadline(drift)); changed by an unknown program"
            events.append((NodeEvent(.drift, text, family: family, details: rules), nil))
        }
        if synchronization.changedServices == nil, report.hasChanges {
            let text = "\(synchronization.reason.words): \(summary.lines.joined(separator: "; "))"
            events.append((NodeEvent(.sync, text, family: family), nil))
        }
        events += synchronization.serviceChanges.map { (Self.event($0, family, now: now), $0.service) }
        // A check comes every 30 s, and finds the same.
        let warnings = Set(summary.warnings)
        let known = syncWarnings.updateValue(warnings, forKey: family) ?? []
        events += warnings.subtracting(known).sorted().map { (NodeEvent(.warning, $0, family: family), nil) }
        return events
    }

    /// A change of one Service that is in force at `now`.
    private static func event(_ change: ServiceChange, _ family: IPFamily, now: Timestamp) -> NodeEvent {
        var event = NodeEvent(.change, change.description, family: family, service: change.service)
        event.endpoints = NodeEvent.EndpointChange(
            added: change.added, removed: change.removed, ready: change.ready, known: change.known)
        event.latencyMilliseconds = change.trigger.map {
            max(0, Int(($0.duration(to: now) / .milliseconds(1)).rounded()))
        }
        return event
    }

    /// Ejections and their ends, and what is avoided; that an endpoint is no longer avoided after seconds is none.
    private static func event(_ judgement: EndpointJudgement) -> NodeEvent? {
        let kind: NodeEvent.Kind
        switch judgement.kind {
        case .ejected, .avoided: kind = .warning
        case .returned(wasEjected: true): kind = .recovery
        case .returned(wasEjected: false): return nil
        }
        return NodeEvent(
            kind, judgement.description, family: judgement.family, service: judgement.servicePort.serviceName)
    }

    /// One outage is one event, whatever was asked for, and so is its end.
    private mutating func events(of change: ContactChange, _ now: Timestamp) -> [NodeEvent] {
        switch change {
        case .lost(let resource, let server, let failure):
            defer { lostResources.insert(resource) }
            guard lostResources.isEmpty else { return [] }
            lostSince = now
            let text =
                "lost contact to the API server: \(failure) (\(resource) of \(server)); the last good state stays in force"
            return [NodeEvent(.error, text)]
        case .regained(let resource, let server):
            guard lostResources.remove(resource) != nil, lostResources.isEmpty else { return [] }
            let lasted = lostSince.map { Int(($0.duration(to: now) / .seconds(1)).rounded()) } ?? 0
            return [NodeEvent(.recovery, "in contact with the API server again after \(lasted) s (\(server))")]
        }
    }

    private mutating func general(_ event: ProxyEvent) -> [NodeEvent] {
        switch event {
        case .started(let counts):
            waitsFor = ""
            return [
                NodeEvent(.program, "all is listed: \(counts.services) Services, \(counts.endpoints) endpoints")
            ]
        case .waiting(let kinds):
            let text = kinds.map(\.rawValue).joined(separator: ", ")
            guard text != waitsFor else { return [] }
            waitsFor = text
            return [NodeEvent(.warning, "no rules yet: waiting for a complete list of \(text)")]
        case .optionsChanged:
            return [NodeEvent(.program, "other options take effect")]
        case .unusableSettings(let reason):
            return [NodeEvent(.error, "the options do not fit this node, no rules are made or changed: \(reason)")]
        case .missingNode(let name):
            guard missingNodes.insert(name).inserted else { return [] }
            return [NodeEvent(.warning, "there is no Node named \(name)")]
        case .nodeLeaving(let isLeaving):
            return [NodeEvent(.program, "the node is \(isLeaving ? "" : "no longer ")about to be removed")]
        case .failed(let failure):
            let text = "\(failure.error)"
            guard failures.updateValue(text, forKey: failure.family) == nil else { return [] }
            return [NodeEvent(.error, "\(failure.family.kubernetesName): \(text)", family: failure.family)]
        case .invalidObjects(let errors):
            let texts = Set(errors.map { "\($0)" })
            defer { invalidObjects = texts }
            return new(texts, since: invalidObjects, .error, goneText: "is no longer a problem")
        case .configurationChecked(let warnings):
            defer { configurationWarnings = Set(warnings) }
            return new(Set(warnings), since: configurationWarnings, .warning, goneText: "is no longer so")
        case .hostChecked(let family, let warnings):
            let known = hostWarnings.updateValue(Set(warnings), forKey: family) ?? []
            return new(Set(warnings), since: known, .warning, family, goneText: "is no longer so")
        case .foreignRulesAhead(let family, let rules):
            let texts = Set(rules.map { $0.line(family) })
            let known = foreignRules.updateValue(texts, forKey: family) ?? []
            return new(texts, since: known, .warning, family, goneText: "is no longer so")
        case .rulesKept(let report):
            let family = report.family.kubernetesName
            return report.isEmpty
                ? [
                    NodeEvent(
                        .recovery, "\(family): all input was read; no rules of an earlier run are kept any longer",
                        family: report.family)
                ] : [NodeEvent(.warning, "\(family): \(report.message)", family: report.family)]
        case .flowsCleaned(let family, let report):
            let summary = FlowSummary(report, family)
            return summary.hasDeletions ? [NodeEvent(.flows, summary.deletions, family: family)] : []
        case .flowsNotCleaned(let family, let failure):
            return [NodeEvent(.error, "stale flows were not deleted: \(failure)", family: family)]
        case .connectionsNotFollowed(nil):
            return [NodeEvent(.recovery, "connections to endpoints are followed again")]
        case .connectionsNotFollowed(let failure?):
            return [NodeEvent(.error, "endpoints that fail are neither avoided nor ejected: \(failure)")]
        case .connectionEventsLost:
            return [
                NodeEvent(
                    .warning, "connections began faster than they could be followed: some that failed were missed")
            ]
        case .synchronized, .conflicts, .objectsChanged, .changesPending, .changeQueued, .healthChecksChanged,
            .recognizedRulesAhead, .contactChanged, .connectionsFailed, .endpointJudged, .objectWarnings:
            return []
        }
    }

    /// An event for each text that is new, and one for each that is gone.
    private func new(
        _ texts: Set<String>, since known: Set<String>, _ kind: NodeEvent.Kind, _ family: IPFamily? = nil,
        goneText: String
    ) -> [NodeEvent] {
        texts.subtracting(known).sorted().map { NodeEvent(kind, $0, family: family) }
            + known.subtracting(texts).sorted().map { NodeEvent(.recovery, "\(goneText): \($0)", family: family) }
    }
}

extension Synchronization.Reason {
    fileprivate var words: String {
        switch self {
        case .start: "start"
        case .change: "node or options changed"
        case .check: "check"
        case .retry: "retry"
        }
    }
}

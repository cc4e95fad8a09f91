// SPDX-License-Identifier: Apache-2.0

import Inspection
import KernelTables
import KubernetesObjects
import NetworkTypes
import Proxy
import ProxyConfiguration

/// Puts together what reports are made of: what the loop knows, and what observers have kept of its events.
package struct LoopInspector: Sendable {
    private let loop: ProxyLoop
    private let families: [IPFamily]
    private let version: String
    private let source: String
    private let problems: ProblemRecord
    private let syncs: SyncRecord
    private let events: EventRecord
    private let traffic: TrafficMonitor?
    private let machine: (any InspectedMachine)?

    /// How long a report waits for a reading of the counters; then it has those of the last one.
    private static let patience = Duration.milliseconds(100)

    /// - Parameters:
    ///   - source: where objects come from, for people.
    ///   - traffic: what the rules have counted; `nil` if that is not read.
    ///   - machine: the machine that the rules are for; `nil` if it is not asked.
    package init(
        _ loop: ProxyLoop, families: [IPFamily], version: String, source: String, problems: ProblemRecord,
        syncs: SyncRecord, events: EventRecord, traffic: TrafficMonitor?, machine: (any InspectedMachine)? = nil
    ) {
        self.loop = loop
        self.families = families
        self.version = version
        self.source = source
        self.problems = problems
        self.syncs = syncs
        self.events = events
        self.traffic = traffic
        self.machine = machine
    }

    /// The state now; reads the counters of the rules, if they are needed and that was not done within a second.
    package func state(_ needs: InquiryNeeds) async -> InspectedState {
        let isMeasuring = needs.contains(.measuredTraffic)
        if isMeasuring || needs.contains(.counters) {
            await traffic?.refresh(within: Self.patience, isMeasuring: isMeasuring)
        }
        let snapshot = await loop.snapshot
        var state = InspectedState(
            version: version, source: source, node: snapshot.node, objects: snapshot.objects,
            compilations: snapshot.compilations)
        state.conflicts = snapshot.conflicts
        state.machine = machine
        state.invalidObjects = problems.invalidObjects
        state.objectWarnings = problems.objectWarnings
        var loopState = LoopState(time: .now, startTime: syncs.startTime)
        loopState.warnings = problems.problems.warnings
        for family in families {
            loopState.families[family] = familyState(family)
            loopState.families[family]?.remainingTimes = snapshot.remainingTimes[family] ?? [:]
        }
        loopState.failurePolicy = await loop.options.failurePolicy
        loopState.events = events
        loopState.syncs = syncs
        state.loop = loopState
        return state
    }

    private func familyState(_ family: IPFamily) -> FamilyState {
        let facts = syncs.facts(family)
        var state = FamilyState()
        state.outOfSync = problems.outOfSync(family)
        state.inSyncSince = facts.inSyncSince
        state.lastSync = facts.last
        state.driftTimes = facts.driftTimes
        state.unsupported = facts.unsupported.map {
            UnsupportedFeatureState(
                feature: "\($0.feature)", consequence: $0.feature.consequence, affected: Set($0.affected))
        }
        state.traffic = traffic?.counted(family)
        return state
    }
}

extension Problems {
    /// What reports have no other place for, one line each.
    fileprivate var warnings: [String] {
        keptRules.map { "\($0.ipFamily): \($0.message)" }
            + foreignRulesAhead.map { "\($0.ipFamily) \($0.table) \($0.chain): \($0.effect): \($0.rule)" }
            + unsupportedFeatures.map {
                "\($0.ipFamily): the kernel refused \($0.feature); \($0.affected.joined(separator: ", ")): \($0.consequence)"
            }
            + hostWarnings.map { "\($0.ipFamily): \($0.message)" } + configurationWarnings.map(\.message)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Inspection
import KernelTables
import KubernetesObjects
import NetworkTypes
import Proxy
import Synchronization
import XTables

/// Keeps what the last syncs did, and which service ports had drifted, for reports.
package final class SyncRecord: ProxyObserver {
    /// What is kept of a family.
    struct Facts: Sendable {
        var inSyncSince: Timestamp?
        var last: SyncFacts?
        var driftTimes: [ServicePortReference: Timestamp] = [:]
        var unsupported: [UnsupportedFeature] = []
    }

    /// When the program was started.
    package let startTime: Timestamp
    private let now: @Sendable () -> Timestamp
    private let state = Mutex<[IPFamily: Facts]>([:])
    private let history = Mutex<[IPFamily: SyncMinutes]>([:])

    /// - Parameter now: the calendar.
    package init(now: @escaping @Sendable () -> Timestamp = { .now }) {
        self.now = now
        startTime = now()
    }

    package func observe(_ event: ProxyEvent) {
        switch event {
        case .synchronized(let synchronization):
            note(synchronization)
            let time = now()
            updateHistory(synchronization.family) { $0.note(synchronization, at: time) }
        case .failed(let failure):
            state.withLock { $0[failure.family]?.inSyncSince = nil }
            let time = now()
            updateHistory(failure.family) { $0.noteFailure(at: time) }
        default: break
        }
    }

    func facts(_ family: IPFamily) -> Facts { state.withLock { $0[family] ?? Facts() } }

    private func updateHistory(_ family: IPFamily, _ change: (inout SyncMinutes) -> Void) {
        history.withLock { change(&$0[family, default: SyncMinutes(family)]) }
    }

    private func note(_ synchronization: Proxy.Synchronization) {
        let time = now()
        let drifted = synchronization.report.driftedServicePorts
        state.withLock { state in
            var facts = state[synchronization.family] ?? Facts()
            facts.inSyncSince = facts.inSyncSince ?? time
            facts.unsupported = synchronization.report.unsupported
            facts.last = SyncFacts(synchronization, at: time, tables: facts.last?.tables ?? [])
            facts.driftTimes = facts.driftTimes.filter {
                $0.value.duration(to: time) < .seconds(ServiceState.driftMemory)
            }
            for name in drifted { facts.driftTimes[name] = time }
            state[synchronization.family] = facts
        }
    }
}

extension SyncRecord: KeptSyncs {
    package var minutes: [SyncMinute] {
        let time = now()
        return history.withLock { history in
            IPFamily.allCases.flatMap { history[$0]?.minutes(until: time) ?? [] }
        }
    }
}

extension SyncReport {
    /// The service ports whose rules another process had changed; of many chains only the first are described.
    fileprivate var driftedServicePorts: Set<ServicePortReference> {
        let chains = drift.flatMap(\.chains)
        let origins = chains.map(\.origin) + chains.flatMap { $0.rules.map(\.origin) }
        return Set(origins.compactMap { $0.servicePort?.description })
    }
}

extension SyncFacts {
    /// - Parameter tables: the sizes at the last sync; a check that finds the tables untouched reads none.
    fileprivate init(_ synchronization: Proxy.Synchronization, at time: Timestamp, tables: [TableSize]) {
        let report = synchronization.report
        let phases = report.phases
        let sizes = report.tables.map { TableSize(table: $0.table, entries: $0.entriesAfter) }
        self.init(
            time: time, reason: "\(synchronization.reason)", tables: sizes.isEmpty ? tables : sizes,
            phases: [
                ("compile", synchronization.compileTime), ("encode", phases.encode), ("lock wait", phases.lockWait),
                ("read", phases.read), ("difference", phases.difference), ("edit", phases.edit),
                ("commit", phases.commit),
            ])
    }
}

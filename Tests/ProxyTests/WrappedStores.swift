// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import NetworkTypes
import Synchronization
import XTables

/// A store whose commits can be kept waiting.
final class GatedStore: KernelTableStore {
    private enum State {
        case open
        case closed
        case openOnce
    }

    private let store: MemoryStore
    private let state = Mutex(State.open)
    private let waiting = Atomic(false)
    private let passes = Atomic(0)

    init(_ store: MemoryStore) { self.store = store }

    var isWaitedFor: Bool { waiting.load(ordering: .sequentiallyConsistent) }

    func close() { state.withLock { $0 = .closed } }
    func open() { state.withLock { $0 = .open } }
    func openOnce() {
        let before = passes.load(ordering: .sequentiallyConsistent)
        state.withLock { $0 = .openOnce }
        // Else the caller could take the one who waits now for the next one, who may be there before the caller checks.
        while passes.load(ordering: .sequentiallyConsistent) == before { usleep(1000) }
    }

    /// The nat table comes first, so one reading of it is one run.
    func open(_ table: Table, family: IPFamily) throws(KernelFailure) -> any TableTransaction {
        if table == .nat {
            while true {
                let mayPass = state.withLock { state in
                    defer { if state == .openOnce { state = .closed } }
                    return state != .closed
                }
                if mayPass { break }
                waiting.store(true, ordering: .sequentiallyConsistent)
                usleep(1000)
            }
            waiting.store(false, ordering: .sequentiallyConsistent)
            passes.add(1, ordering: .sequentiallyConsistent)
        }
        return try store.open(table, family: family)
    }

    func stamp(of table: Table, family: IPFamily) throws(KernelFailure) -> TableStamp {
        try store.stamp(of: table, family: family)
    }
}

/// A store that has one family only.
struct FailingStore: KernelTableStore {
    let store: MemoryStore
    let family: IPFamily

    func open(_ table: Table, family: IPFamily) throws(KernelFailure) -> any TableTransaction {
        try check(table, family)
        return try store.open(table, family: family)
    }

    func stamp(of table: Table, family: IPFamily) throws(KernelFailure) -> TableStamp {
        try check(table, family)
        return try store.stamp(of: table, family: family)
    }

    private func check(_ table: Table, _ family: IPFamily) throws(KernelFailure) {
        if family == self.family {
            throw KernelFailure(.open, table: table, family: family, errorNumber: ENOPROTOOPT)
        }
    }
}

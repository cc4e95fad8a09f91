// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Who may ask, what goes wrong, and how often it was asked.
extension ObjectStore {
    func setTokens(_ tokens: Set<String>?) { state.withLock { $0.tokens = tokens } }

    func accepts(authorization: String?) -> Bool {
        state.withLock { state in
            guard let tokens = state.tokens else { return true }
            return authorization.map { tokens.contains($0) } ?? false
        }
    }

    func add(_ fault: Fault, to resource: ServedResource, scope: FaultScope, times: Int) {
        state.withLock { state in
            state.faults.append(PlannedFault(fault: fault, resource: resource, scope: scope, times: times))
        }
    }

    func clearFaults() { state.withLock { $0.faults = [] } }

    /// The fault that a request meets, if there is one.
    func fault(for resource: ServedResource, scope: FaultScope) -> Fault? {
        state.withLock { state in
            let index = state.faults.firstIndex {
                $0.resource == resource && $0.times > 0 && ($0.scope == scope || $0.scope == .any)
            }
            guard let index else { return nil }
            state.faults[index].times -= 1
            state.counts[resource, default: RequestCounts()].faults += 1
            let fault = state.faults[index].fault
            if state.faults[index].times == 0 { state.faults.remove(at: index) }
            return fault
        }
    }

    func note(_ access: RequestedAccess) { state.withLock { _ = $0.access.insert(access) } }

    /// What has been asked for so far, in no order.
    var access: Set<RequestedAccess> { state.withLock(\.access) }

    func count(_ resource: ServedResource, _ count: WritableKeyPath<RequestCounts, Int>) {
        state.withLock { $0.counts[resource, default: RequestCounts()][keyPath: count] += 1 }
    }

    func counts(_ resource: ServedResource) -> RequestCounts {
        state.withLock { state in
            var counts = state.counts[resource, default: RequestCounts()]
            counts.running = state.watchers.values.count { $0.resource == resource }
            return counts
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Inspection
import Proxy

/// Counts Services and endpoints by state for `/metrics`, on a thread of its own; a loop that hangs is not waited for.
package actor StateCounter {
    private let state: @Sendable () async -> InspectedState
    private let queue = BlockingQueue(label: "kubetables.states")
    private var last: StateCounts?
    private var running: Task<Void, Never>?

    /// How long to wait; then the last counts are served.
    private static let patience = Duration.seconds(1)

    /// - Parameter state: the state of the loop now.
    package init(state: @escaping @Sendable () async -> InspectedState) { self.state = state }

    /// The counts now, or the last ones if they take too long; `nil` before there are any rules.
    package func counts() async -> StateCounts? {
        let counting = running ?? Task { await count() }
        running = counting
        await BoundedWait.run(atMost: Self.patience) { await counting.value }
        return last
    }

    private func count() async {
        let state = await state()
        last = state.compilations.isEmpty ? nil : await queue.run { state.stateCounts }
        running = nil
    }
}

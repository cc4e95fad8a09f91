// SPDX-License-Identifier: Apache-2.0

/// Lets tasks through one at a time, in the order of their arrival.
///
/// An actor alone does not: while one of its methods waits for something, others begin.
actor Turnstile {
    private var isOccupied = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Runs `body` after everything that arrived before has ended; in it, waiting for a turn would never end.
    func withTurn(isolation: isolated (any Actor)? = #isolation, _ body: () async -> Void) async {
        await enter()
        await body()
        await leave()
    }

    private func enter() async {
        guard isOccupied else {
            isOccupied = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        if waiting.isEmpty { isOccupied = false } else { waiting.removeFirst().resume() }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Proxy

/// Lets one reading serve all scrapes that come during it and within a second after.
actor ReadingPace {
    private static let period = Duration.seconds(1)
    /// Much longer than it takes to send an answer.
    private static let sendingTime = Duration.seconds(5)

    private var running: Task<Void, Never>?
    private var lastEnd: ContinuousClock.Instant?
    private var lastAnswer = ContinuousClock.now
    private var isGivingBackScheduled = false

    func refresh(_ body: @escaping @Sendable () async -> Void) async {
        if let running { return await running.value }
        if let lastEnd, ContinuousClock.now - lastEnd < Self.period { return }
        let task = Task { await body() }
        running = task
        await task.value
        running = nil
        lastEnd = ContinuousClock.now
    }

    /// Returns the memory of long answers to the kernel when the last of them has been sent.
    func scheduleGivingBack(_ queue: BlockingQueue) {
        lastAnswer = .now
        guard !isGivingBackScheduled else { return }
        isGivingBackScheduled = true
        Task {
            while ContinuousClock.now - lastAnswer < Self.sendingTime {
                try? await Task.sleep(until: lastAnswer + Self.sendingTime, clock: .continuous)
            }
            isGivingBackScheduled = false
            await queue.run { Memory.giveBack() }
        }
    }
}

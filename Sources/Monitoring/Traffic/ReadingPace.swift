// SPDX-License-Identifier: Apache-2.0

import Proxy

/// Lets one reading serve all scrapes that come during it and within a second after.
///
/// Clients that ask again and again do without a new one as long as readings would take more than a tenth of the time.
actor ReadingPace {
    private static let period = Duration.seconds(1)
    /// How many times longer than the last reading the pause after it is, for such clients.
    private static let sparingFactor = 9
    /// Much longer than it takes to send an answer.
    private static let sendingTime = Duration.seconds(5)

    private var running: Task<Void, Never>?
    private var lastEnd: ContinuousClock.Instant?
    private var lastDuration = Duration.zero
    private var lastAnswer = ContinuousClock.now
    private var isGivingBackScheduled = false

    /// - Parameter isSparing: whether the client asks again and again, and so may get an older reading.
    func refresh(isSparing: Bool = false, _ body: @escaping @Sendable () async -> Void) async {
        if let running { return await running.value }
        let pause = isSparing ? max(Self.period, lastDuration * Self.sparingFactor) : Self.period
        let start = ContinuousClock.now
        if let lastEnd, start - lastEnd < pause { return }
        let task = Task { await body() }
        running = task
        await task.value
        running = nil
        lastEnd = ContinuousClock.now
        lastDuration = .now - start
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

// SPDX-License-Identifier: Apache-2.0

/// Lets one task sleep until an instant, or until it is woken.
///
/// Waking a task that is awake lets its next sleep end at once: no call is lost.
actor Alarm {
    private var isRinging = false
    private var sleeper: CheckedContinuation<Void, Never>?

    /// Ends the sleep.
    func ring() {
        isRinging = true
        sleeper.take()?.resume()
    }

    /// Sleeps until `deadline`, until ``ring()``, or until the task is cancelled.
    func sleep(until deadline: ContinuousClock.Instant) async {
        if !isRinging, !Task.isCancelled {
            let timer = Task {
                try? await Task.sleep(until: deadline, clock: .continuous)
                // Also when the timer is cancelled: then nothing sleeps any longer, or the task below is cancelled.
                if !Task.isCancelled { wake() }
            }
            await withTaskCancellationHandler {
                await withCheckedContinuation { sleeper = $0 }
            } onCancel: {
                Task { await self.wake() }
            }
            timer.cancel()
        }
        isRinging = false
    }

    private func wake() { sleeper.take()?.resume() }
}

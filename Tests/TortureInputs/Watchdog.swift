// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// Ends the program when one input takes longer than a second of the processor's time, or ten seconds in all.
///
/// The processor's time, since this machine may be busy with other things.
final class Watchdog: Sendable {
    static let processorLimit: UInt64 = 1_000_000_000
    private static let wallLimit: UInt64 = 10_000_000_000
    private static let period: UInt32 = 20_000

    /// The number of the input, or -1 between inputs.
    private let current = Atomic<Int>(-1)
    private let processorStart = Atomic<UInt64>(0)
    private let wallStart = Atomic<UInt64>(0)

    /// Begins to watch the thread that calls this.
    ///
    /// - Parameter report: called for the input that takes too long; the program ends after it.
    init(report: @escaping @Sendable (_ input: Int, _ seconds: Double) -> Void) {
        var clock = clockid_t()
        pthread_getcpuclockid(pthread_self(), &clock)
        let watched = clock
        let thread = Thread { [self] in
            while true {
                usleep(Self.period)
                let input = current.load(ordering: .acquiring)
                guard input >= 0 else { continue }
                let processor = Self.now(watched) &- processorStart.load(ordering: .acquiring)
                let wall = Self.now(CLOCK_MONOTONIC) &- wallStart.load(ordering: .acquiring)
                guard current.load(ordering: .acquiring) == input,
                    processor < .max / 2 && processor > Self.processorLimit || wall < .max / 2 && wall > Self.wallLimit
                else { continue }
                report(input, Double(max(processor, wall > Self.wallLimit ? wall : 0)) / 1e9)
                _exit(TortureInputs.hangStatus)
            }
        }
        thread.start()
    }

    /// An input begins.
    func begin(_ input: Int) {
        processorStart.store(Self.now(CLOCK_THREAD_CPUTIME_ID), ordering: .releasing)
        wallStart.store(Self.now(CLOCK_MONOTONIC), ordering: .releasing)
        current.store(input, ordering: .releasing)
    }

    /// It is done; gives back the processor's time that it took, in nanoseconds.
    func end() -> UInt64 {
        current.store(-1, ordering: .releasing)
        return Self.now(CLOCK_THREAD_CPUTIME_ID) &- processorStart.load(ordering: .relaxed)
    }

    private static func now(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects

/// A moment on two clocks: the calendar, and a clock that only goes forward, to measure with.
package struct Moment: Sendable {
    package var time: Timestamp
    package var instant: ContinuousClock.Instant

    package init(time: Timestamp, instant: ContinuousClock.Instant) {
        self.time = time
        self.instant = instant
    }

    package static var now: Moment { Moment(time: .now, instant: .now) }
}

extension Moment {
    package static func + (moment: Moment, duration: Duration) -> Moment {
        let parts = duration.components
        let nanoseconds = moment.time.nanoseconds + Int(parts.attoseconds / 1_000_000_000)
        let carry = Int((Double(nanoseconds) / 1e9).rounded(.down))
        let time = Timestamp(
            seconds: moment.time.seconds + Int(parts.seconds) + carry, nanoseconds: nanoseconds - carry * 1_000_000_000)
        return Moment(time: time, instant: moment.instant + duration)
    }
}

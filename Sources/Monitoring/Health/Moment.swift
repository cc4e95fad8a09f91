import KubernetesObjects

/// A moment on two clocks: one to tell people, and one to measure with, which nobody sets back.
public struct Moment: Sendable {
    /// What the calendar says.
    public var time: Timestamp
    /// What the clock says that only goes forward.
    public var instant: ContinuousClock.Instant

    /// Names a moment.
    public init(time: Timestamp, instant: ContinuousClock.Instant) {
        self.time = time
        self.instant = instant
    }

    /// Now.
    public static var now: Moment { Moment(time: .now, instant: .now) }
}

extension Moment {
    /// The moment that comes some time later.
    public static func + (moment: Moment, duration: Duration) -> Moment {
        let parts = duration.components
        let nanoseconds = moment.time.nanoseconds + Int(parts.attoseconds / 1_000_000_000)
        let carry = Int((Double(nanoseconds) / 1e9).rounded(.down))
        let time = Timestamp(
            seconds: moment.time.seconds + Int(parts.seconds) + carry, nanoseconds: nanoseconds - carry * 1_000_000_000)
        return Moment(time: time, instant: moment.instant + duration)
    }
}

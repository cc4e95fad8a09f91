import Glibc

/// A point in time on the calendar, in UTC.
public struct Timestamp: Sendable, Hashable {
    /// Whole seconds since 1970; negative before.
    public let seconds: Int
    /// Nanoseconds of the second, 0–999,999,999.
    public let nanoseconds: Int

    /// Names a point in time.
    public init(seconds: Int, nanoseconds: Int = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Now, as the machine's clock has it.
    public static var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: time.tv_sec, nanoseconds: time.tv_nsec)
    }

    /// What Go writes for a time that was never set: the first of January of the year 1.
    public static let never = Timestamp(seconds: -62_135_596_800)

    /// Seconds since 1970, with fractions of about a microsecond: what gauges of points in time hold.
    public var secondsSince1970: Double { Double(seconds) + Double(nanoseconds) / 1e9 }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 with as many decimals as are needed, as Go's encoding/json writes times.
    public var description: String {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let date = [(Int(parts.tm_year) + 1900, 4), (Int(parts.tm_mon) + 1, 2), (Int(parts.tm_mday), 2)]
        let time = [(Int(parts.tm_hour), 2), (Int(parts.tm_min), 2), (Int(parts.tm_sec), 2)]
        var fraction = Self.digits(nanoseconds, 9)
        while fraction.last == "0" { fraction.removeLast() }
        let join = { (numbers: [(Int, Int)], separator: String) in
            numbers.map { Self.digits($0.0, $0.1) }.joined(separator: separator)
        }
        return "\(join(date, "-"))T\(join(time, ":"))\(fraction.isEmpty ? "" : ".")\(fraction)Z"
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}

extension Timestamp {
    /// The date as HTTP wants it (RFC 9110, 5.6.7), for example `Tue, 24 Nov 2026 03:47:15 GMT`.
    var httpDate: String {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
            // No locale is set in this process, so that the names are English.
            strftime(buffer.baseAddress, buffer.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            return buffer.baseAddress.map { String(cString: $0) } ?? ""
        }
    }
}

extension Timestamp: Comparable {
    /// Whether one point in time is earlier than another.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}

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

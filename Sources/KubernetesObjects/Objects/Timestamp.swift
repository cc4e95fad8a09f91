// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A point in time on the calendar, in UTC, as the API writes it (RFC 3339).
public struct Timestamp: Sendable, Hashable {
    /// Whole seconds since 1970; negative before.
    public let seconds: Int
    /// Nanoseconds of the second, 0–999,999,999.
    public let nanoseconds: Int

    /// A point in time, counted from 1970-01-01T00:00:00Z.
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

    /// How long it is until another point in time; negative if that was before.
    public func duration(to other: Timestamp) -> Duration {
        .seconds(other.seconds - seconds) + .nanoseconds(other.nanoseconds - nanoseconds)
    }

    private static let decimals = 9
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 with as many decimals as are needed, as Go's encoding/json writes times.
    public var description: String {
        var fraction = Self.digits(nanoseconds, Self.decimals)
        while fraction.last == "0" { fraction.removeLast() }
        return "\(wholeSeconds)\(fraction.isEmpty ? "" : ".")\(fraction)Z"
    }

    /// RFC 3339 with milliseconds: for the beginning of log lines, where all have one width.
    public var withMilliseconds: String { "\(wholeSeconds).\(Self.digits(nanoseconds / 1_000_000, 3))Z" }

    /// As `date` and Go's UnixDate write it: `Fri Nov 27 02:54:12 UTC 2026`.
    package var unixDate: String {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { buffer in
            // No locale is set in this process, so that the names are English.
            strftime(buffer.baseAddress, buffer.count, "%a %b %e %H:%M:%S UTC %Y", &parts)
            return buffer.baseAddress.map { String(cString: $0) } ?? ""
        }
    }

    private var wholeSeconds: String {
        var seconds = seconds
        var parts = tm()
        gmtime_r(&seconds, &parts)
        let date = [(Int(parts.tm_year) + 1900, 4), (Int(parts.tm_mon) + 1, 2), (Int(parts.tm_mday), 2)]
        let time = [(Int(parts.tm_hour), 2), (Int(parts.tm_min), 2), (Int(parts.tm_sec), 2)]
        let join = { (numbers: [(Int, Int)], separator: String) in
            numbers.map { Self.digits($0.0, $0.1) }.joined(separator: separator)
        }
        return "\(join(date, "-"))T\(join(time, ":"))"
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }
}

extension Timestamp {
    /// Reads RFC 3339, with or without fractions of a second, in any zone; `nil` if it is none.
    public init?(_ text: String) {
        var rest = TimeText(text)
        guard let year = rest.number(4), rest.skip("-"), let month = rest.number(2), rest.skip("-"),
            let day = rest.number(2), rest.skip("T"), let hour = rest.number(2), rest.skip(":"),
            let minute = rest.number(2), rest.skip(":"), let second = rest.number(2),
            hour < 24, minute < 60, second < 60,
            let nanoseconds = rest.skip(".") ? rest.fraction(Self.decimals) : 0,
            let offset = rest.zoneOffset(), rest.isAtEnd
        else { return nil }
        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (Int32(year) - 1900, Int32(month) - 1, Int32(day))
        (time.tm_hour, time.tm_min, time.tm_sec) = (Int32(hour), Int32(minute), Int32(second))
        let seconds = timegm(&time)
        // A day that the month does not have has become one of the next.
        guard time.tm_mon == Int32(month) - 1, time.tm_mday == Int32(day) else { return nil }
        self.init(seconds: seconds - offset, nanoseconds: nanoseconds)
    }
}

/// The text of a time, read from its beginning.
private struct TimeText {
    private var bytes: Substring.UTF8View

    init(_ text: String) { bytes = text[...].utf8 }

    var isAtEnd: Bool { bytes.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard bytes.first == UInt8(ascii: character) else { return false }
        bytes.removeFirst()
        return true
    }

    /// A number of so many digits.
    mutating func number(_ count: Int) -> Int? {
        var number = 0
        for _ in 0..<count {
            guard let digit = digit() else { return nil }
            number = number * 10 + digit
        }
        return number
    }

    /// At least one digit behind the point, as a number of so many; what is finer is left out.
    mutating func fraction(_ count: Int) -> Int? {
        var number = 0
        var found = 0
        while let digit = digit() {
            if found < count { number = number * 10 + digit }
            found += 1
        }
        guard found > 0 else { return nil }
        return (found..<max(found, count)).reduce(number) { number, _ in number * 10 }
    }

    /// By how many seconds the zone is before UTC: `Z` or `+HH:MM`.
    mutating func zoneOffset() -> Int? {
        if skip("Z") { return 0 }
        let isNegative = skip("-")
        guard isNegative || skip("+"), let hours = number(2), skip(":"), let minutes = number(2), hours < 24,
            minutes < 60
        else { return nil }
        return (isNegative ? -1 : 1) * (hours * 60 + minutes) * 60
    }

    private mutating func digit() -> Int? {
        guard let byte = bytes.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        bytes.removeFirst()
        return Int(byte - UInt8(ascii: "0"))
    }
}

extension Timestamp: Comparable {
    /// Whether one point in time is earlier than another.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}

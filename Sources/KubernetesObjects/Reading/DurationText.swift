// SPDX-License-Identifier: Apache-2.0

import Documents
import Messages

/// Durations as Kubernetes writes them: Go's `time.ParseDuration`, as in `30s`, `1m30s`, `1.5h`, `100ms`, `0`.
public enum DurationText {
    /// How a duration must look, for messages.
    public static let need = "a duration such as 30s, 1m30s or 500ms"

    /// What a text must be to be a duration that is not negative, for the message about one that is not.
    public static func requirement(missedBy text: String) -> String {
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            return "the unit is missing; write \(MessageText.escaped(text))s"
        }
        return text.hasPrefix("-") && parse(text) != nil ? "must not be negative" : "must be \(need)"
    }

    private static let units: [String: Double] = [
        "h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9,
    ]
    /// Go keeps nanoseconds in 64 bits: 292 years.
    private static let longest = 9.2e9

    /// The duration as Go's `Duration.String` writes it: `1h30m0s`, `1.5s`, `100ms`, `0s`; fractions of a nanosecond are
    /// dropped.
    public static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let nanoseconds = attoseconds / 1_000_000_000
        if seconds < 0 || nanoseconds < 0 { return "-" + text(.zero - duration) }
        guard seconds > 0 else {
            switch nanoseconds {
            case 0: return "0s"
            case ..<1_000: return "\(nanoseconds)ns"
            case ..<1_000_000: return fraction(nanoseconds, digits: 3) + "µs"
            default: return fraction(nanoseconds, digits: 6) + "ms"
            }
        }
        let rest = fraction(seconds % 60 * 1_000_000_000 + nanoseconds, digits: 9) + "s"
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60)
        if hours > 0 { return "\(hours)h\(minutes)m\(rest)" }
        return minutes > 0 ? "\(minutes)m\(rest)" : rest
    }

    /// A number of which the last `digits` are behind the point, without zeros at the end.
    private static func fraction(_ number: Int64, digits: Int) -> String {
        let text = String(number)
        let padded = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
        let behind = padded.suffix(digits).reversed().drop { $0 == "0" }.reversed()
        return padded.dropLast(digits) + (behind.isEmpty ? "" : "." + String(behind))
    }

    /// Reads a duration; negative ones too.
    ///
    /// - Returns: `nil` if the text is none.
    public static func parse(_ text: String) -> Duration? {
        var rest = Substring(text)
        let isNegative = rest.hasPrefix("-")
        if isNegative || rest.hasPrefix("+") { rest.removeFirst() }
        if rest == "0" { return .zero }
        var seconds = 0.0
        repeat {
            let number = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { !($0.isASCII && $0.isNumber || $0 == ".") }
            rest = rest.dropFirst(unit.count)
            guard number.contains(where: \.isNumber),
                let value = Double(number.hasSuffix(".") ? "\(number)0" : "\(number)"),
                let scale = units[String(unit)]
            else { return nil }
            seconds += value * scale
        } while !rest.isEmpty
        guard seconds <= longest else { return nil }
        // As Go has it: a whole number of nanoseconds.
        return .nanoseconds(Int64(((isNegative ? -seconds : seconds) * 1e9).rounded()))
    }
}

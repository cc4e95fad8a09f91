/// Durations as Kubernetes writes them: Go's `time.ParseDuration`, as in `30s`, `1m30s`, `1.5h`, `100ms`, `0`.
public enum DurationText {
    /// How a duration must look, for messages.
    public static let need = "a duration such as 30s, 1m30s or 500ms"

    private static let units: [String: Double] = [
        "h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9,
    ]
    /// Go keeps nanoseconds in 64 bits: 292 years.
    private static let longest = 9.2e9

    /// The duration in seconds, as Go would read it back.
    public static func text(_ duration: Duration) -> String {
        let seconds = duration / .seconds(1)
        return seconds == seconds.rounded() && abs(seconds) < longest ? "\(Int(seconds))s" : "\(seconds)s"
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
        return .seconds(isNegative ? -seconds : seconds)
    }
}

/// Writes metrics in the text form that Prometheus reads (exposition format 0.0.4).
///
/// It knows nothing of what is counted: callers begin a family once, then add its samples.
///
///     var text = MetricText()
///     text.begin("kubetables_table_entries", .gauge, help: "Entries of a table.")
///     text.sample("kubetables_table_entries", 12, [("table", "nat")])
///
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
public struct MetricText: Sendable {
    /// The media type of this format.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// What a family's samples mean.
    public enum Kind: String, Sendable {
        /// A number that only grows, until the process starts again.
        case counter
        /// A number that goes up and down.
        case gauge
        /// How many observations were at most so large, for several bounds.
        case histogram
    }

    /// One label: its name and its value.
    public typealias Label = (name: String, value: String)

    /// What was written, in UTF-8.
    public internal(set) var bytes: [UInt8] = []

    /// Nothing written yet.
    public init() {}

    /// Begins a family of samples.
    ///
    /// - Parameters:
    ///   - name: the name of the family, `[a-zA-Z_:][a-zA-Z0-9_:]*`; each name once.
    ///   - kind: what its samples mean.
    ///   - help: one sentence for people.
    public mutating func begin(_ name: String, _ kind: Kind, help: String) {
        append("# HELP ")
        append(name)
        append(" ")
        appendEscaped(help, quotes: false)
        append("\n# TYPE ")
        append(name)
        append(" ")
        append(kind.rawValue)
        append("\n")
    }

    /// Writes a sample with a whole number.
    public mutating func sample(_ name: String, _ value: UInt64, _ labels: [Label] = []) {
        appendSeries(name, labels)
        append(String(value))
        append("\n")
    }

    /// Writes a sample.
    public mutating func sample(_ name: String, _ value: Double, _ labels: [Label] = []) {
        appendSeries(name, labels)
        append(Self.text(value))
        append("\n")
    }

    /// Writes what a histogram holds: a line for each bound, one for all, the sum and the count.
    public mutating func samples(_ name: String, _ histogram: HistogramValue, _ labels: [Label] = []) {
        var cumulated: UInt64 = 0
        for (bound, count) in zip(histogram.bounds + [.infinity], histogram.counts) {
            cumulated += count
            sample(name + "_bucket", cumulated, labels + [("le", Self.text(bound))])
        }
        sample(name + "_sum", histogram.sum, labels)
        sample(name + "_count", cumulated, labels)
    }

    /// A number as Prometheus reads it, and as short as it can be.
    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        // Up to here every whole number has a Double of its own.
        if value == value.rounded(), abs(value) < 0x1p53 { return String(Int64(value)) }
        return "\(value)"
    }

    // MARK: Bytes

    private mutating func appendSeries(_ name: String, _ labels: [Label]) {
        append(name)
        for (index, label) in labels.enumerated() {
            append(index == 0 ? "{" : ",")
            append(label.name)
            append("=\"")
            appendEscaped(label.value, quotes: true)
            append("\"")
        }
        append(labels.isEmpty ? " " : "} ")
    }

    private mutating func appendEscaped(_ text: String, quotes: Bool) {
        Self.appendEscaped(text, quotes: quotes, to: &bytes)
    }

    /// Line ends and backslashes are escaped everywhere, quotation marks in label values only.
    static func appendEscaped(_ text: String, quotes: Bool, to bytes: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append(contentsOf: #"\\"#.utf8)
            case UInt8(ascii: "\n"): bytes.append(contentsOf: #"\n"#.utf8)
            case UInt8(ascii: "\"") where quotes: bytes.append(contentsOf: #"\""#.utf8)
            default: bytes.append(byte)
            }
        }
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
}

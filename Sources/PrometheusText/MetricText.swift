/// Writes metrics in the text form that Prometheus reads (exposition format 0.0.4).
///
/// It knows nothing of what is counted: callers begin each family once, then add its samples.
///
///     let entries = registry.define("kubetables_table_entries", .gauge, help: "Entries of a table.", labels: ["table"])
///     var text = MetricText()
///     text.begin(entries)
///     text.sample(entries, 12, [("table", "nat")])
///
/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
package struct MetricText: Sendable {
    /// The media type of this format.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    package typealias Label = (name: String, value: String)

    /// The text so far, in UTF-8.
    package internal(set) var bytes: [UInt8] = []

    package init() {}

    /// Writes the head of a family, `# HELP` and `# TYPE`, once before its samples.
    package mutating func begin(_ family: MetricFamily) {
        append("# HELP ")
        append(family.name)
        append(" ")
        appendEscaped(family.help, quotes: false)
        append("\n# TYPE ")
        append(family.name)
        append(" ")
        append(family.kind.name)
        append("\n")
    }

    package mutating func sample(_ family: MetricFamily, _ value: UInt64, _ labels: [Label] = []) {
        sample(family.name, value, labels)
    }

    package mutating func sample(_ family: MetricFamily, _ value: Double, _ labels: [Label] = []) {
        sample(family.name, value, labels)
    }

    mutating func sample(_ name: String, _ value: UInt64, _ labels: [Label] = []) {
        appendSeries(name, labels)
        append(String(value))
        append("\n")
    }

    mutating func sample(_ name: String, _ value: Double, _ labels: [Label] = []) {
        appendSeries(name, labels)
        append(Self.text(value))
        append("\n")
    }

    /// Writes the samples of a histogram: a bucket for each bound, one for all values, the sum and the count.
    mutating func samples(_ name: String, _ histogram: HistogramValue, _ labels: [Label] = []) {
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

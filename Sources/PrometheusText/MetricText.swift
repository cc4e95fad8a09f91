// SPDX-License-Identifier: Apache-2.0

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

    /// The size of a piece, in bytes, that ends with the next sample.
    private static let pieceSize = 60 << 10
    private static let pieceCapacity = 64 << 10

    /// The text so far, in UTF-8, but for what is in `tail`.
    private var fullPieces: [[UInt8]] = []
    private var tail: [UInt8] = []

    package init() {}

    /// The text so far, in UTF-8, in pieces: a page of all endpoints is never one block of memory.
    package var pieces: [[UInt8]] { fullPieces + [tail] }

    /// The text so far, in UTF-8, in one block.
    package var bytes: [UInt8] { Array(pieces.joined()) }

    /// Appends a whole line, or several.
    mutating func appendLine(_ write: (inout [UInt8]) -> Void) {
        write(&tail)
        guard tail.count >= Self.pieceSize else { return }
        fullPieces.append(tail)
        tail = []
        tail.reserveCapacity(Self.pieceCapacity)
    }

    /// Writes the head of a family, `# HELP` and `# TYPE`, once before its samples.
    package mutating func begin(_ family: MetricFamily) {
        appendLine { line in
            line.append(contentsOf: "# HELP \(family.name) ".utf8)
            Self.appendEscaped(family.help, quotes: false, to: &line)
            line.append(contentsOf: "\n# TYPE \(family.name) \(family.kind.name)\n".utf8)
        }
    }

    package mutating func sample(_ family: MetricFamily, _ value: UInt64, _ labels: [Label] = []) {
        sample(family.name, value, labels)
    }

    package mutating func sample(_ family: MetricFamily, _ value: Double, _ labels: [Label] = []) {
        sample(family.name, value, labels)
    }

    mutating func sample(_ name: String, _ value: UInt64, _ labels: [Label] = []) {
        append(name, labels, String(value))
    }

    mutating func sample(_ name: String, _ value: Double, _ labels: [Label] = []) {
        append(name, labels, Self.text(value))
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

    private mutating func append(_ name: String, _ labels: [Label], _ value: String) {
        appendLine { line in
            line.append(contentsOf: name.utf8)
            for (index, label) in labels.enumerated() {
                line.append(UInt8(ascii: index == 0 ? "{" : ","))
                line.append(contentsOf: label.name.utf8)
                line.append(contentsOf: "=\"".utf8)
                Self.appendEscaped(label.value, quotes: true, to: &line)
                line.append(UInt8(ascii: "\""))
            }
            line.append(contentsOf: labels.isEmpty ? " ".utf8 : "} ".utf8)
            line.append(contentsOf: value.utf8)
            line.append(UInt8(ascii: "\n"))
        }
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
}

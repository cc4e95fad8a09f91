import NetworkTypes

/// Labels of a sample, written out once for many samples that have them in common.
///
///     var labels = LabelText([("ip_family", "IPv4")])
///     text.sample("kubetables_table_entries", 12, labels)
public struct LabelText: Sendable {
    fileprivate private(set) var bytes: [UInt8] = []

    /// Writes labels out.
    public init(_ labels: [MetricText.Label] = []) {
        for label in labels { append(label.name, label.value) }
    }

    /// Adds a label.
    public mutating func append(_ name: String, _ value: String) {
        begin(name)
        MetricText.appendEscaped(value, quotes: true, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Adds a label whose value needs no escaping.
    ///
    /// - Parameter write: appends the value.
    mutating func append(_ name: String, _ write: (inout [UInt8]) -> Void) {
        begin(name)
        write(&bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func begin(_ name: String) {
        if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: name.utf8)
        bytes.append(UInt8(ascii: "="))
        bytes.append(UInt8(ascii: "\""))
    }

    /// The length of what was written, for ``cut(to:)``.
    var length: Int { bytes.count }

    /// Takes the labels back that were added since ``length`` was this.
    mutating func cut(to length: Int) { bytes.removeLast(bytes.count - length) }
}

extension MetricText {
    /// Writes a sample with a whole number.
    public mutating func sample(_ name: String, _ value: UInt64, _ labels: LabelText) {
        bytes.append(contentsOf: name.utf8)
        if !labels.bytes.isEmpty {
            bytes.append(UInt8(ascii: "{"))
            bytes.append(contentsOf: labels.bytes)
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(UInt8(ascii: " "))
        bytes.appendDecimal(value)
        bytes.append(UInt8(ascii: "\n"))
    }
}

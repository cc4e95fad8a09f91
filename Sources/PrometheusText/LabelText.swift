// SPDX-License-Identifier: Apache-2.0

/// Labels of a sample, written once for all samples that share them.
///
///     var labels = LabelText([("ip_family", "IPv4")])
///     text.sample(entries, 12, labels)
package struct LabelText: Sendable {
    fileprivate private(set) var bytes: [UInt8] = []

    package init(_ labels: [MetricText.Label] = []) {
        for label in labels { append(label.name, label.value) }
    }

    package mutating func append(_ name: String, _ value: String) {
        begin(name)
        MetricText.appendEscaped(value, quotes: true, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Adds a label whose value needs no escaping.
    ///
    /// - Parameter write: appends the value.
    package mutating func append(_ name: String, _ write: (inout [UInt8]) -> Void) {
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

    /// The length so far, for ``cut(to:)``.
    package var length: Int { bytes.count }

    /// Removes the labels that were added since ``length`` had this value.
    package mutating func cut(to length: Int) { bytes.removeLast(bytes.count - length) }
}

extension MetricText {
    package mutating func sample(_ family: MetricFamily, _ value: UInt64, _ labels: LabelText) {
        appendLine { line in
            line.append(contentsOf: family.name.utf8)
            if !labels.bytes.isEmpty {
                line.append(UInt8(ascii: "{"))
                line.append(contentsOf: labels.bytes)
                line.append(UInt8(ascii: "}"))
            }
            line.append(UInt8(ascii: " "))
            line.append(contentsOf: String(value).utf8)
            line.append(UInt8(ascii: "\n"))
        }
    }
}

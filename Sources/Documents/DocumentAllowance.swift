// SPDX-License-Identifier: Apache-2.0

/// How many YAML documents and values a text may hold.
///
/// libyaml needs about a microsecond for a document and for a pair of a mapping, however short they are: 10 MiB of
/// `a: 1` and `---` would take seconds.
struct DocumentAllowance {
    private let documentLimit: Int
    private let valueLimit: Int
    private var documentCount = 0
    private var valueCount = 0

    /// - Parameter byteCount: the length of the text.
    init(byteCount: Int) {
        // The shortest object of a cluster, `kind: Node` with apiVersion, name and `---`, takes 50 bytes.
        documentLimit = 10_000 + byteCount / 48
        valueLimit = DocumentValue.countLimit(byteCount: byteCount)
    }

    /// Whether the text holds more than it may, and nothing else of it is read.
    var isExceeded: Bool { documentCount > documentLimit || valueCount > valueLimit }

    /// What is wrong then.
    var refusal: String {
        let count = documentCount > documentLimit ? "\(documentLimit) YAML documents" : "\(valueLimit) values"
        return "more than \(count), too many for a text of this size; the rest of it is not read"
    }

    /// Counts a document; returns whether it is allowed.
    mutating func takeDocument() -> Bool {
        documentCount += 1
        return documentCount <= documentLimit
    }

    /// Counts a value; returns whether it is allowed.
    mutating func takeValue() -> Bool {
        valueCount += 1
        return valueCount <= valueLimit
    }
}

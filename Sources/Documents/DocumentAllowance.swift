// SPDX-License-Identifier: Apache-2.0

/// How many YAML documents, keys, values and anchors a text may hold.
///
/// libyaml needs about a microsecond for a document and for a pair of a mapping, however short they are: 10 MiB of
/// `a: 1` and `---` would take seconds.
struct DocumentAllowance {
    /// Something to be counted, up to a limit.
    private struct Count {
        let limit: Int
        /// What is counted, in words.
        let name: String
        private var number = 0

        init(_ name: String, limit: Int) {
            self.name = name
            self.limit = limit
        }

        var isExceeded: Bool { number > limit }

        mutating func take(_ more: Int) -> Bool {
            number += more
            return !isExceeded
        }
    }

    private var documents: Count
    private var values: Count
    private var nodes: Count
    private var anchors: Count

    /// - Parameter byteCount: the length of the text.
    init(byteCount: Int) {
        // The shortest object of a cluster, `kind: Node` with apiVersion, name and `---`, takes 50 bytes.
        documents = Count("YAML documents", limit: 10_000 + byteCount / 48)
        values = Count("values", limit: DocumentValue.countLimit(byteCount: byteCount))
        // That object has nine of them; an endpoint as `{addresses: [1.1.1.1]},` has four in 23 bytes.
        nodes = Count("keys and values", limit: 100_000 + byteCount / 5)
        // A mapping that is worth an anchor is longer, and so is what refers to it.
        anchors = Count("anchors", limit: 10_000 + byteCount / 64)
    }

    private var exceeded: Count? { [documents, values, nodes, anchors].first(where: \.isExceeded) }

    /// Whether the text holds more than it may, and nothing else of it is read.
    var isExceeded: Bool { exceeded != nil }

    /// What is wrong then.
    var refusal: String {
        let count = exceeded.map { "\($0.limit) \($0.name)" } ?? ""
        return "more than \(count), too many for a text of this size; the rest of it is not read"
    }

    /// Counts a document; returns whether it is allowed.
    mutating func takeDocument() -> Bool { documents.take(1) }

    /// Counts a value; returns whether it is allowed.
    ///
    /// - Parameter flowLevel: how many collections in brackets it is in.
    mutating func takeValue(flowLevel: Int = 0) -> Bool {
        // Both count, whatever comes of the other.
        let isAllowed = values.take(1)
        return nodes.take(Self.weight(flowLevel)) && isAllowed
    }

    /// Counts a key, or an alias, which stands for a value that has been counted; returns whether it is allowed.
    mutating func takeReference(flowLevel: Int = 0) -> Bool { nodes.take(Self.weight(flowLevel)) }

    /// libyaml goes through all open brackets with each token; objects of a cluster have less than 32.
    private static func weight(_ flowLevel: Int) -> Int { 1 + flowLevel / 32 }

    /// Counts members that a mapping takes over from others; returns whether they are allowed.
    mutating func takeMembers(_ count: Int) -> Bool {
        let isAllowed = values.take(count)
        return nodes.take(2 * count) && isAllowed
    }

    /// Counts an anchor; returns whether it is allowed.
    mutating func takeAnchor() -> Bool { anchors.take(1) }
}

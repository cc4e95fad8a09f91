// SPDX-License-Identifier: Apache-2.0

import Messages

/// A value of a JSON or YAML document, without any meaning yet.
public enum DocumentValue: Sendable, Hashable {
    /// `null`, or nothing at all.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A whole number that fits 64 bits.
    case integer(Int64)
    /// Any other number.
    case double(Double)
    /// A text.
    case string(String)
    /// A list.
    case array([DocumentValue])
    /// A mapping from texts to values.
    case object(DocumentObject)

    /// The deepest nesting of lists and mappings that a document may have; Kubernetes objects use less than 20.
    public static let depthLimit = 100

    /// How many values a text may hold: a value takes 24 bytes of memory, and `[],` is three bytes of text.
    ///
    /// The objects of a cluster have less than one value for each 10 bytes, in their most compact form.
    static func countLimit(byteCount: Int) -> Int { 100_000 + byteCount / 8 }

    /// The mapping, if it is one.
    @inlinable public var object: DocumentObject? {
        if case .object(let object) = self { object } else { nil }
    }

    /// The text, if it is one.
    @inlinable public var string: String? {
        if case .string(let string) = self { string } else { nil }
    }

    /// The list, if it is one.
    @inlinable public var array: [DocumentValue]? {
        if case .array(let array) = self { array } else { nil }
    }

    /// Whether it is `null`; quicker than a comparison, for the many fields of an object.
    @inlinable package var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The value in words, for messages: `the integer 80`, `the string "x"`, `a list`.
    public var summary: String {
        switch self {
        case .null: "null"
        case .bool(let value): "the boolean \(value)"
        case .integer(let value): "the integer \(value)"
        case .double(let value): "the number \(value)"
        case .string(let value): "the string \(MessageText.quoted(value))"
        case .array: "a list"
        case .object: "a mapping"
        }
    }
}

/// A mapping of a document: its members in the order of the text, each key once.
public struct DocumentObject: Sendable, Hashable {
    /// A key and its value.
    public struct Member: Sendable, Hashable {
        /// The key.
        public var key: String
        /// The value.
        public var value: DocumentValue
        /// The line of the file in which the key is, from 1; 0 if the member was not read from a file.
        @inlinable public var line: Int { Int(lineNumber) }

        /// Next to the tag of the value it costs no memory.
        @usableFromInline let lineNumber: Int32

        /// A member of a mapping.
        public init(key: String, value: DocumentValue, line: Int = 0) {
            self.key = key
            self.value = value
            lineNumber = Int32(clamping: line)
        }

        /// Members are equal with equal keys and values, wherever they were read.
        public static func == (left: Member, right: Member) -> Bool {
            left.key == right.key && left.value == right.value
        }

        /// Hashes the key and the value.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(key)
            hasher.combine(value)
        }
    }

    /// The members in the order of the text.
    public var members: [Member]
    /// The line of the file in which the mapping begins, from 1.
    public var line: Int

    /// A mapping with these members; the keys must differ.
    public init(_ members: [Member], line: Int = 1) {
        self.members = members
        self.line = line
    }

    /// The value of a key; `nil` if the key is absent.
    @inlinable public subscript(key: String) -> DocumentValue? {
        for index in members.indices where members[index].key == key { return members[index].value }
        return nil
    }

    /// The place of a key in ``members``; `nil` if the key is absent.
    @inlinable package func index(of key: String) -> Int? {
        for index in members.indices where members[index].key == key { return index }
        return nil
    }

    /// The line of the member at a place, or of the mapping if there is none or its line is not known.
    @inlinable package func line(at index: Int?) -> Int {
        guard let index, members[index].line > 0 else { return line }
        return members[index].line
    }

    /// So few members are compared with each other faster than they are looked up by a hash.
    static let fewMembers = 16

    /// The key that occurs twice among `members`, if there is one.
    static func firstDuplicate(in members: [Member]) -> String? {
        guard members.count > fewMembers else {
            for index in members.indices.dropFirst() {
                for earlier in 0..<index where members[earlier].key == members[index].key { return members[index].key }
            }
            return nil
        }
        return firstDuplicateByHash(in: members)
    }

    /// A set of texts would need several times the memory and the time for a million keys.
    private static func firstDuplicateByHash(in members: [Member]) -> String? {
        var placeCount = 64
        while placeCount < 2 * members.count { placeCount *= 2 }
        // A member's index from 1, and the upper half of its hash; 0 is a free place.
        var places = [(index: UInt32, hash: UInt32)](repeating: (0, 0), count: placeCount)
        for (index, member) in members.enumerated() {
            let hash = UInt64(truncatingIfNeeded: member.key.hashValue)
            let upperHalf = UInt32(truncatingIfNeeded: hash >> 32)
            var place = Int(truncatingIfNeeded: hash) & (placeCount - 1)
            while places[place].index != 0 {
                let isSame = places[place].hash == upperHalf && members[Int(places[place].index) - 1].key == member.key
                if isSame { return member.key }
                place = (place + 1) & (placeCount - 1)
            }
            places[place] = (UInt32(index + 1), upperHalf)
        }
        return nil
    }
}

extension DocumentObject: ExpressibleByDictionaryLiteral {
    /// A mapping with these members, in this order; the keys must differ.
    public init(dictionaryLiteral elements: (String, DocumentValue)...) {
        self.init(elements.map { Member(key: $0.0, value: $0.1) })
    }
}

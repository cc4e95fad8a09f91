// SPDX-License-Identifier: Apache-2.0

import Messages

/// Reads JSON values one after the other from UTF-8 text (RFC 8259).
///
/// It is our own because Foundation's decoders give neither the line and column of each error, nor several values in a
/// row (as `kubectl` takes them and as JSON lines have them), nor a limit on nesting, and take several times as long:
/// a cluster of 20,000 objects has to be read in a fraction of a second.
///
/// Stricter than RFC 8259 asks for: a key that occurs twice in one mapping is an error, and so are half surrogate pairs.
package struct JSONReader {
    let bytes: UnsafeBufferPointer<UInt8>
    var position: Int
    private(set) var line: Int
    private var lineStart = 0
    private var depth = 0
    /// How many values the next one may hold, since they take many times the memory of their text.
    private var countLimit = Int.max
    private var count = 0
    /// Whether the text was refused for the number of its values, so that no other reader should try it either.
    private(set) var hasTooManyValues = false
    let interner: StringInterner

    /// Starts at `position` of `bytes`, which begin in line `firstLine` of their file.
    package init(_ bytes: UnsafeBufferPointer<UInt8>, firstLine: Int = 1, position: Int = 0) {
        self.init(bytes, firstLine: firstLine, position: position, interner: StringInterner())
    }

    init(_ bytes: UnsafeBufferPointer<UInt8>, firstLine: Int, position: Int, interner: StringInterner) {
        self.interner = interner
        self.bytes = bytes
        self.position = position
        line = firstLine
        for index in 0..<position where bytes[index] == UInt8(ascii: "\n") {
            line += 1
            lineStart = index + 1
        }
    }

    /// The next value; `nil` at the end of the text.
    package mutating func next() throws(DocumentError) -> DocumentValue? {
        skipBlanks()
        guard position < bytes.count else { return nil }
        let size = bytes.count - position
        countLimit = size > Self.uncountedSize ? DocumentValue.countLimit(byteCount: size) : .max
        count = 0
        return try value()
    }

    /// A value of at most so many bytes may be as dense as it likes.
    private static let uncountedSize = 1 << 20

    /// The byte that the next value begins with; `nil` at the end of the text.
    package mutating func nextByte() -> UInt8? {
        skipBlanks()
        return position < bytes.count ? bytes[position] : nil
    }

    /// An error at a place of the current line, by default where the reader stands.
    package func error(_ message: String, at place: Int? = nil) -> DocumentError {
        let end = min(place ?? position, bytes.count)
        let characters = bytes[min(lineStart, end)..<end].count { $0 & 0xc0 != 0x80 }
        return DocumentError(line: line, column: characters + 1, message: message)
    }

    /// What stands at the current place, for messages.
    package func found() -> String {
        guard position < bytes.count else { return "the end of the text" }
        let byte = bytes[position]
        return (0x21...0x7e).contains(byte) ? "\"\(Character(UnicodeScalar(byte)))\"" : "byte \(byte)"
    }

    private mutating func skipBlanks() {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
                position += 1
            case UInt8(ascii: "\n"):
                position += 1
                line += 1
                lineStart = position
            default:
                return
            }
        }
    }

    private mutating func value() throws(DocumentError) -> DocumentValue {
        guard position < bytes.count else { throw error("the text ends where a value should be") }
        count += 1
        if count > countLimit {
            hasTooManyValues = true
            throw error("more than \(countLimit) values, too many for a text of this size")
        }
        switch bytes[position] {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw error("\(found()) is not the beginning of a value")
        }
    }

    private mutating func word(_ word: StaticString, _ value: DocumentValue) throws(DocumentError) -> DocumentValue {
        let expected = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        let end = position + expected.count
        guard end <= bytes.count, bytes[position..<end].elementsEqual(expected) else {
            throw error("invalid value; did you mean \(word)?")
        }
        position = end
        return value
    }

    private mutating func enter() throws(DocumentError) {
        depth += 1
        if depth > DocumentValue.depthLimit {
            throw error("nested more than \(DocumentValue.depthLimit) levels deep")
        }
        position += 1
        skipBlanks()
    }

    private mutating func array() throws(DocumentError) -> DocumentValue {
        try enter()
        var elements: [DocumentValue] = []
        if !skip(UInt8(ascii: "]")) {
            while true {
                elements.append(try value())
                skipBlanks()
                if skip(UInt8(ascii: "]")) { break }
                guard skip(UInt8(ascii: ",")) else { throw error("\(found()) where \",\" or \"]\" should be") }
                skipBlanks()
            }
        }
        depth -= 1
        return .array(elements)
    }

    private mutating func object() throws(DocumentError) -> DocumentValue {
        let firstLine = line
        try enter()
        var members: [DocumentObject.Member] = []
        if !skip(UInt8(ascii: "}")) {
            while true {
                members.append(try member())
                skipBlanks()
                if skip(UInt8(ascii: "}")) { break }
                guard skip(UInt8(ascii: ",")) else { throw error("\(found()) where \",\" or \"}\" should be") }
                skipBlanks()
            }
        }
        if let key = DocumentObject.firstDuplicate(in: members) {
            throw error(
                "the key \(MessageText.quoted(key)) occurs twice in the mapping that ends here", at: position - 1)
        }
        depth -= 1
        return .object(DocumentObject(members, line: firstLine))
    }

    private mutating func member() throws(DocumentError) -> DocumentObject.Member {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
            throw error("\(found()) where a key in quotes should be")
        }
        let line = line
        let key = try string()
        skipBlanks()
        guard skip(UInt8(ascii: ":")) else { throw error("\(found()) where \":\" should be") }
        skipBlanks()
        return DocumentObject.Member(key: key, value: try value(), line: line)
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }
}

extension DocumentValue {
    /// Reads JSON text that holds exactly one value.
    ///
    /// - Throws: ``DocumentError`` with the line and column of what is wrong.
    public init(json text: [UInt8]) throws(DocumentError) {
        let result = text.withUnsafeBufferPointer { bytes -> Result<DocumentValue, DocumentError> in
            Result { () throws(DocumentError) in
                try JSONReader.whole(bytes) { reader throws(DocumentError) in
                    guard let value = try reader.next() else { throw reader.error("the text is empty") }
                    return value
                }
            }
        }
        self = try result.get()
    }
}

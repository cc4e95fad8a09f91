// SPDX-License-Identifier: Apache-2.0

/// Takes a text of YAML documents and JSON values apart, one document at a time.
package struct DocumentStream {
    /// The largest YAML document that is read, in bytes: libyaml needs many times that in memory.
    ///
    /// JSON has no such limit.
    package static let yamlSizeLimit = 64 << 20

    /// One document, or why it cannot be read.
    package struct Document {
        /// Its number in the text, from 1.
        package let number: Int
        /// The line in which it begins.
        package let line: Int
        /// Its value, or why it cannot be read.
        package let content: Result<DocumentValue, DocumentError>
    }

    /// Hands over each document of a text, in their order; after one that cannot be read comes the next piece.
    ///
    /// - Parameters:
    ///   - isEnough: is asked before each document whether to stop.
    ///   - each: gets the documents.
    ///
    /// Several JSON values in a row, as JSON lines have them, are a document each. The text is UTF-8, or UTF-16 with a
    /// byte order mark.
    package static func read(
        _ bytes: UnsafeBufferPointer<UInt8>, yamlSizeLimit: Int = yamlSizeLimit,
        isEnough: () -> Bool = { false }, each: (Document) -> Void
    ) {
        let stream = DocumentStream(yamlSizeLimit: yamlSizeLimit)
        do throws(DocumentError) {
            try TextEncoding.withPlainUTF8(bytes) { stream.read($0, isEnough: isEnough, each: each) }
        } catch {
            each(Document(number: 1, line: 1, content: .failure(error)))
        }
    }

    /// libyaml compares each directive with all before it.
    private static let directiveLimit = 100

    private let yamlSizeLimit: Int
    private let interner = StringInterner()

    private func read(
        _ bytes: UnsafeBufferPointer<UInt8>, isEnough: () -> Bool, each: (Document) -> Void
    ) {
        var cutter = DocumentCutter(bytes)
        var allowance = DocumentAllowance(byteCount: bytes.count)
        var number = 0
        while !isEnough(), !allowance.isExceeded, let piece = cutter.next() {
            let content = UnsafeBufferPointer(rebasing: bytes[piece.range])
            guard piece.hasContent || piece.directiveCount > 0 else {
                number += 1
                each(Document(number: number, line: piece.firstLine, content: empty(piece.firstLine, &allowance)))
                continue
            }
            guard piece.directiveCount <= Self.directiveLimit else {
                number += 1
                let message = "more than \(Self.directiveLimit) directives (%TAG, %YAML) before a document"
                let error = DocumentError(line: piece.firstLine, column: 1, message: message)
                each(Document(number: number, line: piece.firstLine, content: .failure(error)))
                continue
            }
            if readJSON(
                content, firstLine: piece.firstLine, number: &number, &allowance, isEnough: isEnough, each: each)
            {
                continue
            }
            number += 1
            let value = yaml(content, firstLine: piece.firstLine, &allowance)
            each(Document(number: number, line: piece.firstLine, content: value))
        }
    }

    /// A document without content, which takes time as others do.
    private func empty(_ line: Int, _ allowance: inout DocumentAllowance) -> Result<DocumentValue, DocumentError> {
        allowance.takeDocument()
            ? .success(.null) : .failure(DocumentError(line: line, column: 1, message: allowance.refusal))
    }

    /// Reads a piece as JSON if it looks so; JSON that only YAML can read (comments, plain texts) is left to YAML.
    ///
    /// - Returns: whether the piece has been dealt with.
    private func readJSON(
        _ bytes: UnsafeBufferPointer<UInt8>, firstLine: Int, number: inout Int, _ allowance: inout DocumentAllowance,
        isEnough: () -> Bool, each: (Document) -> Void
    ) -> Bool {
        guard let start = DocumentCutter.jsonStart(bytes) else { return false }
        var reader = JSONReader(bytes, firstLine: firstLine, position: start, interner: interner)
        var isFirst = true
        while !isEnough(), let byte = reader.nextByte() {
            let line = reader.line
            let content = Result { () throws(DocumentError) in
                guard byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") else {
                    throw reader.error("\(reader.found()) after the value; only another mapping or the end may follow")
                }
                return try reader.next() ?? .null
            }
            if isFirst, !reader.hasTooManyValues, !Self.isJSON(content, reader: reader) {
                let value = yaml(bytes, firstLine: firstLine, &allowance)
                if allowance.isExceeded || (try? value.get()) != nil {
                    number += 1
                    each(Document(number: number, line: firstLine, content: value))
                    return true
                }
            }
            isFirst = false
            number += 1
            each(Document(number: number, line: line, content: content))
            if case .failure = content { return true }
        }
        return true
    }

    /// Whether the first value of a piece is well-formed and followed by nothing, or by what may be another one.
    private static func isJSON(_ content: Result<DocumentValue, DocumentError>, reader: JSONReader) -> Bool {
        guard case .success = content else { return false }
        var reader = reader
        let next = reader.nextByte()
        return next == nil || next == UInt8(ascii: "{") || next == UInt8(ascii: "[")
    }

    private func yaml(
        _ bytes: UnsafeBufferPointer<UInt8>, firstLine: Int, _ allowance: inout DocumentAllowance
    ) -> Result<DocumentValue, DocumentError> {
        guard bytes.count <= yamlSizeLimit else {
            let message =
                "the YAML document has more than \(yamlSizeLimit >> 20) MiB; split it into several documents, or use JSON"
            return .failure(DocumentError(line: firstLine, column: 1, message: message))
        }
        return Result { () throws(DocumentError) in
            try YAMLReader.document(bytes, firstLine: firstLine, allowance: &allowance, interner: interner)
        }
    }
}

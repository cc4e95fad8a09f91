// SPDX-License-Identifier: Apache-2.0

/// Cuts a text into the pieces that hold one YAML document each, so that only one of them is parsed at a time.
///
/// The markers `---` and `...` at the beginning of a line mean the same wherever they stand, even inside a quoted text
/// (YAML 1.1, §9.1), so no parsing is needed to find them. What precedes the first `---` and is only comments and
/// directives belongs to the document that begins there. JSON has no line breaks inside texts and so no markers.
struct DocumentCutter {
    /// A piece of the text.
    struct Piece {
        /// Where its bytes are, its `---` included.
        let range: Range<Int>
        /// The number of its first line, from 1.
        let firstLine: Int
        /// Whether there is anything but blanks, comments and directives.
        let hasContent: Bool
        /// The number of directives (`%TAG`, `%YAML`).
        let directiveCount: Int
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var lineNumber = 1

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    /// The next piece; `nil` at the end.
    ///
    /// Text that is nothing but blanks and comments is no piece without a `---`.
    mutating func next() -> Piece? {
        var start = position
        var firstLine = lineNumber
        var hasMarker = false
        var hasContent = false
        var directiveCount = 0
        func piece() -> Piece {
            Piece(
                range: start..<position, firstLine: firstLine, hasContent: hasContent, directiveCount: directiveCount)
        }
        while position < bytes.count {
            if !hasContent {
                position = bytes.skipComments(from: position, lineNumber: &lineNumber)
                guard position < bytes.count else { break }
            }
            let end = bytes.lineEnd(from: position)
            let line = position..<end
            if Self.isMarker(bytes, line, UInt8(ascii: "-")) {
                if hasMarker || hasContent { return piece() }
                hasMarker = true
                hasContent = Self.isContent(bytes, position + 3..<end)
            } else if Self.isMarker(bytes, line, UInt8(ascii: ".")) {
                let piece = piece()
                advance(to: end)
                if hasMarker || hasContent { return piece }
                (start, firstLine, directiveCount) = (position, lineNumber, 0)
                continue
            } else if !hasContent {
                hasContent = Self.isContent(bytes, line)
                if end > position, bytes[position] == UInt8(ascii: "%") { directiveCount += 1 }
            }
            advance(to: end)
        }
        return hasMarker || hasContent ? piece() : nil
    }

    private mutating func advance(to lineEnd: Int) {
        position = min(lineEnd + 1, bytes.count)
        lineNumber += 1
    }

    /// Whether a line is `---`, or begins with it and a blank.
    static func isMarker(_ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>) -> Bool {
        isMarker(bytes, line, UInt8(ascii: "-"))
    }

    private static func isMarker(_ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>, _ byte: UInt8) -> Bool {
        let start = line.lowerBound
        guard line.count >= 3, bytes[start] == byte, bytes[start + 1] == byte, bytes[start + 2] == byte else {
            return false
        }
        return line.count == 3 || isBlank(bytes[start + 3])
    }

    /// Whether a line is more than blanks, a comment or a directive.
    static func isContent(_ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>) -> Bool {
        let first = firstNonBlank(bytes, line)
        guard first < line.upperBound else { return false }
        return bytes[first] != UInt8(ascii: "#") && bytes[line.lowerBound] != UInt8(ascii: "%")
    }

    /// Where the first byte is that is no blank; the end if there is none.
    static func firstNonBlank(_ bytes: UnsafeBufferPointer<UInt8>, _ line: Range<Int>) -> Int {
        var place = line.lowerBound
        while place < line.upperBound, isBlank(bytes[place]) { place += 1 }
        return place
    }

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }

    /// Where JSON begins in a piece, if it may be JSON: at a `{` or `[` with nothing but blanks and a `---` before it.
    static func jsonStart(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var start = 0
        // Four bytes show a marker; a line of JSON may be the whole text.
        if isMarker(bytes, 0..<bytes.lineEnd(from: 0, before: 4)) { start = 3 }
        while start < bytes.count, isBlank(bytes[start]) || bytes[start] == UInt8(ascii: "\n") { start += 1 }
        guard start < bytes.count, bytes[start] == UInt8(ascii: "{") || bytes[start] == UInt8(ascii: "[") else {
            return nil
        }
        return start
    }
}

// SPDX-License-Identifier: Apache-2.0

/// Brings text into the one form that the readers know: UTF-8 without byte order marks.
enum TextEncoding {
    private static let mark: [UInt8] = [0xef, 0xbb, 0xbf]

    /// Hands over `bytes` as UTF-8 without byte order marks where a document may begin.
    ///
    /// UTF-16 is recognized by its mark (YAML 1.2, section 5.2): PowerShell writes it. Each document may begin with a mark
    /// of its own, which is what files with marks become that are put together.
    ///
    /// - Throws: ``DocumentError`` if the text is not of the encoding that its mark names.
    static func withPlainUTF8(
        _ bytes: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) throws(DocumentError) {
        if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
            let text = try utf8(ofUTF16: bytes)
            text.withUnsafeBufferPointer { withoutMarks($0, body) }
        } else if isUTF16WithoutMark(bytes) {
            throw DocumentError(
                line: 1, column: 1, message: "this seems to be UTF-16 without a byte order mark; save it as UTF-8")
        } else {
            withoutMarks(bytes, body)
        }
    }

    /// Whether the first characters are ASCII in UTF-16: YAML and JSON have no zero bytes.
    private static func isUTF16WithoutMark(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.count >= 4 else { return false }
        return (bytes[0] != 0 && bytes[1] == 0 && bytes[2] != 0 && bytes[3] == 0)
            || (bytes[0] == 0 && bytes[1] != 0 && bytes[2] == 0 && bytes[3] != 0)
    }

    private static func utf8(ofUTF16 bytes: UnsafeBufferPointer<UInt8>) throws(DocumentError) -> [UInt8] {
        let high = bytes[0] == 0xfe ? 0 : 1
        let units = stride(from: 2, to: bytes.count - 1, by: 2).lazy.map { place in
            UInt16(bytes[place + high]) << 8 | UInt16(bytes[place + 1 - high])
        }
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count / 2 + bytes.count / 8)
        let isInvalid = transcode(units.makeIterator(), from: UTF16.self, to: UTF8.self, stoppingOnError: true) {
            text.append($0)
        }
        guard !isInvalid, bytes.count.isMultiple(of: 2) else {
            let line = text.count { $0 == UInt8(ascii: "\n") } + 1
            let lineStart = text.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            let column = text[lineStart...].count { $0 & 0xc0 != 0x80 } + 1
            throw DocumentError(line: line, column: column, message: "invalid UTF-16")
        }
        return text
    }

    private static func withoutMarks(
        _ bytes: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void
    ) {
        var bytes = bytes
        while bytes.starts(with: mark) { bytes = UnsafeBufferPointer(rebasing: bytes.dropFirst(mark.count)) }
        // Most texts are ASCII, which is quick to see.
        guard !bytes.isASCII, let first = firstMark(bytes, from: 0) else { return body(bytes) }
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        var copied = 0
        var lines = DocumentStarts(bytes)
        var next: Int? = first
        while let place = next {
            next = firstMark(bytes, from: place + mark.count)
            guard lines.mayBegin(at: place, markLength: mark.count) else { continue }
            text += bytes[copied..<place]
            copied = place + mark.count
        }
        text += bytes[copied...]
        text.withUnsafeBufferPointer { body($0) }
    }

    /// Where the next mark at the beginning of a line, or behind another mark, is.
    private static func firstMark(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var place = start
        while true {
            let found = bytes.place(of: mark[0], from: place)
            guard found < bytes.count else { return nil }
            let isAtStart =
                found == 0 || bytes[found - 1] == UInt8(ascii: "\n") || isMark(bytes, at: found - mark.count)
            if isAtStart, isMark(bytes, at: found) { return found }
            place = found + 1
        }
    }

    private static func isMark(_ bytes: UnsafeBufferPointer<UInt8>, at place: Int) -> Bool {
        place >= 0 && place + 3 <= bytes.count && bytes[place] == 0xef && bytes[place + 1] == 0xbb
            && bytes[place + 2] == 0xbf
    }

    /// Finds out whether a document may begin at a place, for places in rising order.
    private struct DocumentStarts {
        let bytes: UnsafeBufferPointer<UInt8>
        var position = 0
        /// Whether the document around `position` has content already.
        var hasContent = false

        init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

        mutating func mayBegin(at place: Int, markLength: Int) -> Bool {
            while position < place {
                // A line of marks may be the whole text, and each of them asks.
                let end = bytes.lineEnd(from: position, before: place + 4)
                let line = (isMark(bytes, at: position) ? position + markLength : position)..<end
                if DocumentCutter.isMarker(bytes, line) {
                    // The document may begin on the line of its marker, as in `--- {`.
                    hasContent = DocumentCutter.firstNonBlank(bytes, line.lowerBound + 3..<end) < end
                } else if DocumentCutter.isContent(bytes, line) {
                    hasContent = true
                }
                position = min(end + 1, place)
                if end >= place { break }
            }
            guard hasContent else { return true }
            // A marker or another JSON value ends what came before.
            let start = DocumentCutter.firstNonBlank(bytes, min(place + markLength, bytes.count)..<bytes.count)
            guard start < bytes.count else { return false }
            // Four bytes show a marker.
            let beginning = start..<bytes.lineEnd(from: start, before: start + 4)
            return DocumentCutter.isMarker(bytes, beginning) || bytes[start] == UInt8(ascii: "{")
                || bytes[start] == UInt8(ascii: "[")
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

internal import Cbytesearch

/// Searches of a text that may have millions of lines.
extension UnsafeBufferPointer<UInt8> {
    /// Where the next `byte` is, from `start` on; `limit`, or the end, if there is none before it.
    func place(of byte: UInt8, from start: Int, before limit: Int = .max) -> Int {
        let limit = Swift.min(count, limit)
        guard let baseAddress, start < limit else { return limit }
        return kubetables_place_of_byte(baseAddress, start, limit, byte)
    }

    /// The end of the line that `start` is in: where its line feed is, or the end of the text, or `limit`.
    func lineEnd(from start: Int, before limit: Int = .max) -> Int {
        place(of: UInt8(ascii: "\n"), from: start, before: limit)
    }

    /// Where the next line begins, from that at `start` on, that is more than blanks and a comment; the end if there is none.
    ///
    /// - Parameter lineNumber: is counted on, to the number of that line.
    func skipComments(from start: Int, lineNumber: inout Int) -> Int {
        guard let baseAddress else { return count }
        var lines = 0
        defer { lineNumber += lines }
        return kubetables_skip_comments(baseAddress, start, count, &lines)
    }

    /// Whether all bytes are ASCII.
    var isASCII: Bool { baseAddress.map { kubetables_is_ascii($0, count) } ?? true }
}

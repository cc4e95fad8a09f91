// SPDX-License-Identifier: Apache-2.0

/// The bytes of an answer, in pieces: a long page is never one block of memory, and is sent piece by piece.
///
///     var page = PageContent()
///     page.append("# IPv4\n")
///     ruleset.writeText(.save) { page.append($0) }
package struct PageContent: Sendable {
    /// The size of each piece but the last, in bytes: about what a socket takes at once.
    package static let pieceSize = 64 << 10

    /// The pieces in their order, none of them empty.
    package private(set) var pieces: [[UInt8]] = []
    /// The number of bytes.
    package private(set) var count = 0

    package init() {}

    /// A page of bytes that are in pieces already.
    package init(pieces: [[UInt8]]) {
        self.pieces = pieces.filter { !$0.isEmpty }
        count = pieces.reduce(0) { $0 + $1.count }
    }

    package init(_ text: String) { append(text) }

    package mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append($0) }
    }

    package mutating func append(_ bytes: borrowing [UInt8]) { bytes.withUnsafeBufferPointer { append($0) } }

    private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        count += bytes.count
        var rest = bytes[...]
        while !rest.isEmpty {
            if pieces.last.map({ $0.count >= Self.pieceSize }) ?? true { beginPiece() }
            let last = pieces.count - 1
            let part = rest.prefix(Self.pieceSize - pieces[last].count)
            pieces[last].append(contentsOf: part)
            rest = rest.dropFirst(part.count)
        }
    }

    private mutating func beginPiece() {
        var piece: [UInt8] = []
        // Most answers are a few bytes long; one that goes on is likely to fill the next piece too.
        if !pieces.isEmpty { piece.reserveCapacity(Self.pieceSize) }
        pieces.append(piece)
    }

    /// Whether clients that do not read could hold much memory, so that one copy must do for all of them.
    package var isLarge: Bool { pieces.count > 1 }

    /// All bytes, in one block.
    package var bytes: [UInt8] { Array(pieces.joined()) }
}

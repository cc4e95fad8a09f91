// SPDX-License-Identifier: Apache-2.0

/// Cuts a stream of bytes into lines, whatever pieces it comes in.
struct LineSplitter {
    /// The longest line that is waited for, in bytes.
    let limit: Int
    private var rest: [UInt8] = []

    /// A line got longer than the limit.
    struct Overlong: Error {}

    init(limit: Int) { self.limit = limit }

    /// Hands over each line that a piece completes, without its end (LF or CRLF); blank ones are left out.
    mutating func add<Failure: Error>(
        _ piece: UnsafeBufferPointer<UInt8>, line: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        var start = 0
        // The first line may have begun in an earlier piece; the others are looked at where they are.
        if !rest.isEmpty {
            guard let end = piece.firstIndex(of: UInt8(ascii: "\n")) else {
                rest.append(contentsOf: piece)
                return
            }
            rest.append(contentsOf: piece[..<end])
            start = end + 1
            let whole = rest
            rest.removeAll(keepingCapacity: rest.capacity <= Self.keptCapacity)
            try Self.call(whole, line)
        }
        while let end = piece[start...].firstIndex(of: UInt8(ascii: "\n")) {
            try Self.call(UnsafeBufferPointer(rebasing: piece[start..<end]), line)
            start = end + 1
        }
        rest.append(contentsOf: piece[start...])
    }

    /// Whether a line is longer than the limit already.
    var isOverlong: Bool { rest.count > limit }

    /// What came after the last end of a line.
    mutating func finish() -> [UInt8] {
        defer { rest = [] }
        return Self.isBlank(rest) ? [] : rest
    }

    private static let keptCapacity = 64 << 10

    private static func isBlank(_ bytes: some Sequence<UInt8>) -> Bool {
        bytes.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\t") }
    }

    private static func call<Failure: Error>(
        _ bytes: [UInt8], _ line: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        let result = bytes.withUnsafeBufferPointer { bytes -> Result<Void, Failure> in
            Result { () throws(Failure) in try call(bytes, line) }
        }
        try result.get()
    }

    private static func call<Failure: Error>(
        _ bytes: UnsafeBufferPointer<UInt8>, _ line: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        if !isBlank(bytes) { try line(bytes) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// When a request began that has not arrived completely.
///
/// It is a value. The parser reports the end of a request, but not that the same bytes began another one. A request without a
/// body ends with an empty line, so bytes that end otherwise are the beginning of another one (or of a body, with which
/// connections end).
struct RequestArrival {
    private let limit: TimeAmount
    private var start: NIODeadline?
    private var hasEnded = false
    private var lastBytes: UInt32 = 0

    /// - Parameter limit: how long a request may take to arrive.
    init(limit: Duration) { self.limit = TimeAmount(limit) }

    /// Bytes have come, which the parser has not seen yet.
    mutating func begin(_ bytes: some BidirectionalCollection<UInt8>, at now: NIODeadline) {
        if start == nil { start = now }
        hasEnded = false
        for byte in bytes.suffix(4) { lastBytes = lastBytes << 8 | UInt32(byte) }
    }

    /// The parser has reported the end of a request.
    mutating func noteEnd() { hasEnded = true }

    /// The parser has seen the bytes.
    mutating func end(at now: NIODeadline) {
        if hasEnded { start = endsWithEmptyLine ? nil : now }
    }

    /// Begins the time anew.
    mutating func restart(at now: NIODeadline) { if start != nil { start = now } }

    /// When the request must have arrived; `nil` if none has begun.
    var deadline: NIODeadline? { start.map { $0 + limit } }

    func isOverdue(at now: NIODeadline) -> Bool { deadline.map { now >= $0 } ?? false }

    /// Whether so much of the time is over that the end of the connection is a matter of it.
    func isLate(at now: NIODeadline) -> Bool { start.map { now >= $0 + .nanoseconds(limit.nanoseconds / 2) } ?? false }

    /// Whether the last bytes are the end of a line and an empty one.
    private var endsWithEmptyLine: Bool {
        let (lineFeeds, returnAndLineFeeds): (UInt32, UInt32) = (0x0a0a, 0x0d0a_0d0a)
        return lastBytes & 0xffff == lineFeeds || lastBytes == returnAndLineFeeds || lastBytes & 0xff_ffff == 0x0a_0d0a
    }
}

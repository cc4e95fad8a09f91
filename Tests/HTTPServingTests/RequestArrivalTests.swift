// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import HTTPServing

/// At times of the test's choice.
@Suite("The arrival of a request") struct RequestArrivalTests {
    private var arrival = RequestArrival(limit: .seconds(10))

    /// Bytes come at a second, in which so many requests end.
    private mutating func receive(_ text: String, at second: Int64, ends: Bool = false) {
        arrival.begin(Array(text.utf8), at: time(second))
        if ends { arrival.noteEnd() }
        arrival.end(at: time(second))
    }

    private func time(_ second: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(second) }

    @Test("has a time limit from its first byte on, however steadily bytes come")
    mutating func trickle() {
        #expect(arrival.deadline == nil)
        for second in 1...9 { receive("G", at: Int64(second)) }
        #expect(arrival.deadline == time(11))
        #expect(!arrival.isOverdue(at: time(10)) && arrival.isOverdue(at: time(11)))
        #expect(!arrival.isLate(at: time(5)) && arrival.isLate(at: time(6)))
    }

    @Test("has none when it is complete, in one piece or in several", arguments: ["\r\n\r\n", "\n\n", "\n\r\n"])
    mutating func completeness(end: String) {
        receive("GET / HTTP/1.1\r\nHost: a" + end, at: 0, ends: true)
        #expect(arrival.deadline == nil)
        receive("GET / HTTP/1.1\r\nHost: a" + end.dropLast(), at: 20)
        #expect(arrival.deadline == time(30))
        receive(String(end.suffix(1)), at: 21, ends: true)
        #expect(arrival.deadline == nil)
    }

    @Test(
        "begins with what follows another request in the same bytes",
        arguments: ["G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n", "\r"])
    mutating func pipelining(rest: String) {
        receive("GET / HTTP/1.1\r\nHost: a\r\n\r\n" + rest, at: 5, ends: true)
        #expect(arrival.deadline == time(15))
    }

    @Test("has the whole time again if this side did not read")
    mutating func restart() {
        receive("G", at: 0)
        arrival.restart(at: time(10))
        #expect(arrival.deadline == time(20))
        receive("\n\n", at: 11, ends: true)
        arrival.restart(at: time(30))
        #expect(arrival.deadline == nil)
    }
}

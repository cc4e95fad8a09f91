// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTPServing

@Suite("Dates of HTTP") struct HTTPDateTests {
    @Test(
        "are written as RFC 9110 has them",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (1_795_492_035, "Tue, 24 Nov 2026 03:47:15 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
        ])
    func text(seconds: Int, text: String) { #expect("\(HTTPDate(seconds: seconds))" == text) }

    @Test("the last of them is now") func now() { #expect(HTTPDate.now.seconds > 1_700_000_000) }
}

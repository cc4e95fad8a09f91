// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Every folder below fixtures/ with objects.yaml, options.json and expected.rules is a case.
@Suite struct GoldenTests {
    /// `make goldens` sets it: expected.rules are written, not compared.
    private static let isUpdating = ProcessInfo.processInfo.environment["KUBETABLES_UPDATE_GOLDENS"] == "1"

    @Test(arguments: Fixture.goldens)
    func compileGivesTheExpectedRules(fixture: Fixture) throws {
        let result = try fixture.compile()
        try #require(result.status == 0, "\(result.errors)")
        if Self.isUpdating {
            try fixture.rewrite(result.output)
            return
        }
        let difference = SaveText.difference(try fixture.expected, result.output)
        #expect(difference.isEmpty, "expected (-) and compiled (+):\n\(difference)\n`make goldens` accepts it")
    }

    @Test func thereAreGoldens() {
        #expect(Fixture.goldens.count >= 4)
    }
}

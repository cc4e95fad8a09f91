// SPDX-License-Identifier: Apache-2.0

import ServiceModel
import Testing

@Suite("Verdicts of endpoints") struct EndpointVerdictsTests {
    private static let examples: [[EndpointVerdict]] = [
        [], [.used], [.used, .used, .used], [.used, .notReady], [.notLocal, .used, .used],
    ]

    @Test("are what they were made of", arguments: examples)
    func elements(verdicts: [EndpointVerdict]) {
        #expect(Array(EndpointVerdicts(verdicts)) == verdicts)
    }

    @Test("are equal however they were made, and only then")
    func equality() {
        #expect(EndpointVerdicts(repeating: .used, count: 2) == [.used, .used])
        #expect(EndpointVerdicts(repeating: .used, count: 0) == EndpointVerdicts(repeating: .notReady, count: 0))
        #expect(EndpointVerdicts(repeating: .used, count: 2) != [.used, .used, .used])
        #expect(EndpointVerdicts(repeating: .used, count: 2) != [.used, .notReady])
    }
}

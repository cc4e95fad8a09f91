// SPDX-License-Identifier: Apache-2.0

/// What a run of torture-inputs came to: it prints this as JSON, and torture reads it.
package struct InputRun: Codable, Sendable {
    /// An input that showed something to be wrong.
    package struct Finding: Codable, Sendable {
        package var number: Int
        package var reason: String
        package var file: String

        package init(number: Int, reason: String, file: String) {
            self.number = number
            self.reason = reason
            self.file = file
        }
    }

    package var part: String
    package var seed: UInt64
    package var tried = 0
    package var accepted = 0
    /// How many inputs showed something to be wrong; ``findings`` has one of each kind.
    package var found = 0
    package var kept = 0
    package var edges = 0
    package var coveredEdges = 0
    package var slowestMilliseconds = 0.0
    package var peakKilobytes = 0
    package var findings: [Finding] = []

    package init(part: String, seed: UInt64) {
        self.part = part
        self.seed = seed
    }
}

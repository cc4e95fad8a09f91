// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Why nothing could be measured.
struct BenchError: Error {
    let message: String
    let exitCode: Int32

    init(_ message: String, exitCode: Int32 = 70) {
        self.message = message
        self.exitCode = exitCode
    }
}

/// Prints a line for people, apart from the report.
func note(_ text: String) {
    let line = Array("\(text)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
}

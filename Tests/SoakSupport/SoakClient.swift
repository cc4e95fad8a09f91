// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// A client that connects to an address again and again, each time anew.
package final class SoakClient: CustomStringConvertible {
    /// What came of the connections.
    package struct Result {
        package var succeeded = 0
        /// Curl's words for each that failed.
        package var failures: [String] = []
    }

    private static let connectionsPerSecond = 15

    package let description: String
    private let process: BackgroundProcess

    init(on host: String, of lab: Lab, address: String, seconds: Int) throws {
        description = "client of \(address)"
        // The servers close each connection after the answer, so each request is a connection of its own.
        process = try lab.start(
            host,
            [
                "curl", "-s", "-o", "/dev/null", "-w", "%{http_code} %{time_total} %{errormsg}\\n", "--connect-timeout",
                "4", "--max-time", "8", "--rate", "\(Self.connectionsPerSecond)/s",
                "http://\(address)/?[1-\(seconds * Self.connectionsPerSecond)]",
            ])
    }

    /// Waits for the last connection.
    package func finish() throws -> Result {
        _ = try process.wait()
        var result = Result()
        for line in process.output.split(separator: "\n") {
            if line.hasPrefix("200 ") { result.succeeded += 1 } else { result.failures.append(String(line)) }
        }
        return result
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Thousands of connections in a lab, by the program `connection-load`.
public enum ConnectionLoad {
    private static var program: String { Repository.products.appending(path: "connection-load").path }

    /// What became of connections that a client has opened at a rate.
    public struct Outcome: Sendable {
        /// Those that were opened and answered.
        public let answered: Int
        /// Those that were opened, and then not answered.
        public let interrupted: Int
        /// Those that were refused, or that nobody answered.
        public let unopened: Int
        /// Those among the answered ones for which the client had to repeat its first packet.
        public let slow: Int
        /// How long the slowest of the answered ones took, in milliseconds.
        public let slowest: Double

        /// Reads what the program has printed.
        ///
        /// - Throws: ``ProcessFailure`` if something is missing.
        public init(_ output: String) throws {
            let lines = output.split(separator: "\n").map { $0.split(separator: " ") }.filter { $0.count == 2 }
            let values = Dictionary(lines.map { ($0[0], Double($0[1])) }) { first, _ in first }
            func value(_ name: Substring) throws -> Double {
                guard let value = values[name] ?? nil else {
                    throw ProcessFailure(description: "connection-load did not print \"\(name)\", but: \(output)")
                }
                return value
            }
            answered = Int(try value("answered"))
            interrupted = Int(try value("interrupted"))
            unopened = Int(try value("unopened"))
            slow = Int(try value("slow"))
            slowest = try value("slowest")
        }

        /// All connections.
        public var total: Int { answered + interrupted + unopened }
    }

    /// Lets a pod answer with its name on a port, over IPv4 and IPv6, until the process is ended.
    public static func serve(_ pod: String, of lab: Lab, port: Int) throws -> BackgroundProcess {
        let server = try lab.start(pod, [program, "serve", "\(port)", pod])
        _ = try server.waitForOutput(after: "listening")
        return server
    }

    /// Begins to open so many connections in a second, for some seconds.
    ///
    /// - Parameters:
    ///   - address: `ADDRESS:PORT`, an IPv6 address in brackets.
    ///   - patience: how many seconds each connection waits for an answer.
    public static func open(
        _ address: String, on host: String, of lab: Lab, rate: Int, seconds: Int, patience: Int
    ) throws -> BackgroundProcess {
        try lab.start(host, [program, "open", address, "\(rate)", "\(seconds)", "\(patience)"])
    }

    /// Opens connections and keeps them; with SIGUSR1 the process uses each of them again, and prints `kept` and how many the
    /// same server still answers.
    public static func hold(
        _ address: String, on host: String, of lab: Lab, count: Int
    ) throws -> BackgroundProcess {
        try lab.start(host, [program, "hold", address, "\(count)"])
    }
}

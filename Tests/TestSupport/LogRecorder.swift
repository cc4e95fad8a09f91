// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization

/// Keeps what is logged.
public final class LogRecorder: LogHandler, Sendable {
    private struct Entry: Sendable {
        let level: Logger.Level
        let text: String
    }

    private let entries = Mutex<[Entry]>([])

    /// Nothing logged yet.
    public init() {}

    /// A logger that writes here, from level debug on.
    public var logger: Logger {
        let recorder = self
        return Logger(label: "test", factory: { _ in recorder })
    }

    /// Keeps a line.
    public func log(event: LogEvent) {
        entries.withLock { $0.append(Entry(level: event.level, text: "\(event.message)")) }
    }

    /// Not kept.
    public subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set { _ = newValue }
    }
    /// Not kept.
    public var metadata: Logger.Metadata {
        get { [:] }
        set { _ = newValue }
    }
    /// All but the finest.
    public var logLevel: Logger.Level {
        get { .debug }
        set { _ = newValue }
    }

    /// The warnings, in their order.
    public var warnings: [String] { texts(.warning) }
    /// The errors, in their order.
    public var errors: [String] { texts(.error) }
    /// The lines at level notice, in their order.
    public var notices: [String] { texts(.notice) }
    /// The lines at level info, in their order.
    public var infos: [String] { texts(.info) }
    /// The lines at level debug, in their order.
    public var debugs: [String] { texts(.debug) }

    private func texts(_ level: Logger.Level) -> [String] {
        entries.withLock { $0.filter { $0.level == level }.map(\.text) }
    }
}

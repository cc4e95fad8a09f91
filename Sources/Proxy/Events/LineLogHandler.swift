// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import Logging
import Messages

/// Writes a log as lines on standard error: time, level, message, and whatever else is known.
///
///     2026-11-24T02:54:12.123Z info 1 Service changed: default/web: endpoints +1 (3 of 3 ready); IPv4 nat: 3 rules added …
package struct LineLogHandler: LogHandler {
    /// What every line holds besides its message.
    package var metadata: Logger.Metadata = [:]
    /// The lowest level that is written.
    package var logLevel: Logger.Level

    private let writer: LogWriter

    package init(level: Logger.Level, writer: LogWriter = .standardError) {
        logLevel = level
        self.writer = writer
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        writer.write(text(event, at: .now) + "\n")
    }

    /// The line, without its end.
    func text(_ event: LogEvent, at time: Timestamp) -> String {
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        var line = "\(time.withMilliseconds) \(event.level.rawValue) \(MessageText.line(event.message.description))"
        for (key, value) in all.sorted(by: { $0.key < $1.key }) where !value.isField {
            line += " \(key)=\(MessageText.line("\(value)"))"
        }
        return line
    }
}

extension Logger.MetadataValue {
    /// Whether the message says the same in words.
    fileprivate var isField: Bool {
        if case .stringConvertible(let value) = self { value is LogField } else { false }
    }
}

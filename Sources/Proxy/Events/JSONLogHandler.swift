// SPDX-License-Identifier: Apache-2.0

import Documents
import Glibc
import KubernetesObjects
import Logging
import Messages

/// Writes a log as JSON on standard error, an object a line, with the keys that Kubernetes' own programs use (KEP-1602):
/// `ts` in milliseconds since 1970, `msg`, `v` for the verbosity (`-v`) from which on it is written, and `err` instead for errors.
///
/// What a line is about stands in keys of its own as well, which lines for people do not repeat (``LogField``).
///
///     {"ts":1795488852123.5,"level":"info","msg":"1 Service changed: …","v":0,"family":"IPv4","rules_added":3}
package struct JSONLogHandler: LogHandler {
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
        writer.write(text(event, milliseconds: Self.now()) + "\n")
    }

    /// The line, without its end.
    func text(_ event: LogEvent, milliseconds: Double) -> String {
        let message = DocumentValue.string(MessageText.line(event.message.description))
        var object: DocumentObject = [
            "ts": .double(milliseconds), "level": .string(event.level.rawValue), "msg": message,
        ]
        let own: DocumentObject.Member =
            event.level >= .error
            ? .init(key: "err", value: message) : .init(key: "v", value: .integer(Self.verbosity(event.level)))
        object.members.append(own)
        let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) where object[key] == nil {
            object.members.append(.init(key: key, value: DocumentValue(value)))
        }
        return DocumentValue.object(object).json
    }

    /// The `-v` from which on a level is written.
    private static func verbosity(_ level: Logger.Level) -> Int64 {
        switch level {
        case .trace: 6
        case .debug: 4
        default: 0
        }
    }

    /// Now, in milliseconds since 1970.
    private static func now() -> Double {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Double(now.tv_sec) * 1000 + (Double(now.tv_nsec) / 1000).rounded() / 1000
    }
}

extension DocumentValue {
    /// A value of a log line; numbers stay numbers.
    fileprivate init(_ value: Logger.Metadata.Value) {
        switch value {
        case .string(let text): self = .string(MessageText.line(text))
        case .stringConvertible(let field as LogField): self = field.value
        case .stringConvertible(let other): self = .string(MessageText.line(other.description))
        case .array(let values): self = .array(values.map { DocumentValue($0) })
        case .dictionary(let values):
            self = .object(
                DocumentObject(
                    values.sorted { $0.key < $1.key }.map { .init(key: $0.key, value: DocumentValue($0.value)) }))
        }
    }
}

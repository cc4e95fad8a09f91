// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import KubernetesObjects
import Logging
import Messages
import Synchronization

/// Messages, on standard error or in the log, and results, on standard output.
///
/// Each message begins with `error: `, `warning: ` or `note: `. Lines for people are escaped here, whatever they are made of;
/// what goes to programs is written byte for byte.
enum Console {
    /// The log that messages go to, if there is one.
    private static let log = Mutex<Logger?>(nil)

    /// Sends all messages from now on to a log, in the form that other programs read.
    static func sendMessages(to logger: Logger) { log.withLock { $0 = logger } }

    static func error(_ message: String) { report(.error, message) }

    static func note(_ message: String) { report(.note, message) }

    static func warn(_ warnings: [String]) {
        for warning in warnings { report(.warning, warning) }
    }

    static func report(_ diagnostics: [Diagnostic]) {
        for diagnostic in diagnostics { report(diagnostic.severity, "\(diagnostic)") }
    }

    /// Reports an error and returns what to throw.
    static func failure(_ message: String, _ code: ExitCode) -> ExitCode {
        error(message)
        return code
    }

    private static func report(_ severity: Diagnostic.Severity, _ message: String) {
        if let logger = log.withLock(\.self) {
            logger.log(level: severity.level, "\(message)")
        } else {
            printToStandardError("\(severity.rawValue): \(message)")
        }
    }

    /// Prints a line of a longer text, which is not a message by itself.
    static func printToStandardError(_ line: String) {
        writeToStandardError(MessageText.line(line) + "\n")
    }

    /// Asks a question on a terminal: no line end, since the answer follows.
    static func ask(_ question: String) { writeToStandardError(MessageText.line(question)) }

    private static func writeToStandardError(_ text: String) {
        var text = text
        text.withUTF8 { _ = writeAll(UnsafeRawBufferPointer($0), to: STDERR_FILENO) }
    }

    // MARK: Standard output

    static func write(_ bytes: borrowing [UInt8]) throws {
        let isWritten = bytes.withUnsafeBytes { writeAll($0, to: STDOUT_FILENO) }
        guard isWritten else {
            throw failure("cannot write to standard output: \(String(cString: strerror(errno)))", .outputFailed)
        }
    }

    static func printLine(_ line: String) throws { try printStyledLine(MessageText.line(line)) }

    /// Prints a line of parts that are escaped already, with colors around them.
    static func printStyledLine(_ line: String) throws { try write(Array((line + "\n").utf8)) }

    private static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}

extension Diagnostic.Severity {
    /// The level in a log.
    var level: Logger.Level {
        switch self {
        case .error: .error
        case .warning: .warning
        case .note: .info
        }
    }
}

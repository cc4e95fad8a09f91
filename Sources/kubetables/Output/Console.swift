import ArgumentParser
import Glibc
import KubernetesObjects
import Logging
import Synchronization

/// Where text for people and for programs goes.
enum Console {
    /// Prints a line on standard error.
    static func say(_ line: String) {
        var text = line + "\n"
        text.withUTF8 { _ = writeAll(UnsafeRawBufferPointer($0), to: STDERR_FILENO) }
    }

    /// The log that messages go to instead, if there is one.
    private static let log = Mutex<Logger?>(nil)

    /// Lets messages go to a log from now on, which programs read.
    static func speak(through logger: Logger) { log.withLock { $0 = logger } }

    private static func say(_ severity: Diagnostic.Severity, _ message: String) {
        if let logger = log.withLock(\.self) {
            logger.log(level: severity.level, "\(message)")
        } else {
            say("\(severity.rawValue): \(message)")
        }
    }

    /// Prints warnings on standard error.
    static func warn(_ warnings: [String]) {
        for warning in warnings { say(.warning, warning) }
    }

    /// Prints an error on standard error and gives back what to throw.
    static func failure(_ message: String, _ code: ExitCode) -> ExitCode {
        say(.error, message)
        return code
    }

    /// Writes bytes to standard output.
    static func write(_ bytes: borrowing [UInt8]) throws {
        let isWritten = bytes.withUnsafeBytes { writeAll($0, to: STDOUT_FILENO) }
        guard isWritten else {
            throw failure("standard output cannot be written: \(String(cString: strerror(errno)))", .outputFailed)
        }
    }

    /// Prints a line on standard output.
    static func printLine(_ line: String) throws { try write(Array((line + "\n").utf8)) }

    /// Prints what there is to tell about the input.
    static func report(_ log: DiagnosticLog) { report(log.diagnostics) }

    /// Prints what there is to tell about the input.
    static func report(_ diagnostics: [Diagnostic]) {
        for diagnostic in diagnostics { say(diagnostic.severity, "\(diagnostic)") }
    }

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
    /// How much it matters in a log.
    var level: Logger.Level {
        switch self {
        case .error: .error
        case .warning: .warning
        case .note: .info
        }
    }
}

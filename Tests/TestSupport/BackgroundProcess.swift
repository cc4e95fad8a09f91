// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Synchronization

/// A child process that works while a test goes on; it is ended with the last reference.
public final class BackgroundProcess: Sendable {
    /// The process's number.
    public let identifier: pid_t
    private let directory: URL
    private let status = Mutex<Int32?>(nil)

    /// Starts a program found by PATH.
    ///
    /// - Parameter environment: variables that it gets besides those of this process, or instead of them.
    public init(_ command: [String], environment: [String: String] = [:]) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "kt-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        let paths = ["output", "errors"].map { directory.appending(path: $0).path }
        self.directory = directory
        identifier = try Subprocess.spawn(command, standardStreams: ["/dev/null"] + paths, environment: environment)
    }

    deinit {
        if status.withLock({ $0 }) == nil {
            kill(identifier, SIGKILL)
            _ = try? Subprocess.wait(for: identifier)
        }
        try? FileManager.default.removeItem(at: directory)
    }

    /// What it has written to standard output so far.
    public var output: String { text("output") }
    /// What it has written to standard error so far.
    public var errors: String { text("errors") }

    private func text(_ name: String) -> String {
        String(decoding: (try? Data(contentsOf: directory.appending(path: name))) ?? Data(), as: UTF8.self)
    }

    /// Sends it a signal.
    public func signal(_ number: Int32) { kill(identifier, number) }

    /// Waits for its end; gives back the exit code, or 128 and the signal's number.
    public func wait() throws -> Int32 {
        if let known = status.withLock({ $0 }) { return known }
        let found = try Subprocess.wait(for: identifier)
        status.withLock { $0 = found }
        return found
    }

    /// Waits until it has written something to standard error that holds `text`, up to a limit.
    ///
    /// - Throws: ``ProcessFailure`` with what it has written instead.
    public func waitForErrors(
        containing text: String, count: Int = 1, limit: Duration = .seconds(15)
    ) throws {
        let deadline = ContinuousClock.now + limit
        while errors.components(separatedBy: text).count - 1 < count {
            guard ContinuousClock.now < deadline else {
                throw ProcessFailure(description: "\"\(text)\" was not written within \(limit), but: \(errors)")
            }
            usleep(5000)
        }
    }

    /// Waits until it has written a line to standard output that begins with `text`; gives back what follows in the line.
    ///
    /// - Throws: ``ProcessFailure`` with what it has written instead.
    public func waitForOutput(after text: String, limit: Duration = .seconds(20)) throws -> String {
        let deadline = ContinuousClock.now + limit
        while true {
            let lines = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: { $0.hasPrefix(text) }) { return String(line.dropFirst(text.count)) }
            guard ContinuousClock.now < deadline else {
                throw ProcessFailure(
                    description: "\"\(text)\" was not written within \(limit), but: \(output)\(errors)")
            }
            usleep(5000)
        }
    }
}

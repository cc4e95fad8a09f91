// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A finished child process: how it ended and what it printed.
public struct ProcessResult: Sendable {
    /// The exit code, or 128 and the signal's number.
    public let status: Int32
    /// What it wrote to standard output.
    public let output: String
    /// What it wrote to standard error.
    public let errors: String
}

/// Why a child process was no use.
public struct ProcessFailure: Error, CustomStringConvertible {
    /// The command and what came of it.
    public let description: String

    /// Says what happened.
    public init(description: String) { self.description = description }
}

/// Runs child processes to their end.
///
/// Foundation's `Process` is of no use here: it waits until every grandchild has ended too, and the servers that
/// scripts/lab starts go on.
public enum Subprocess {
    /// Runs a program found by PATH.
    ///
    /// Output goes through files, not pipes, so that it may be of any length.
    ///
    /// - Parameters:
    ///   - command: the program and its arguments.
    ///   - input: what it reads from standard input.
    ///   - environment: variables that it gets besides those of this process, or instead of them.
    public static func run(
        _ command: [String], input: String = "", environment: [String: String] = [:]
    ) throws -> ProcessResult {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kubetables-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let paths = ["input", "output", "errors"].map { folder.appending(path: $0).path }
        try Data(input.utf8).write(to: URL(filePath: paths[0]))

        let status = try wait(for: try spawn(command, standardStreams: paths, environment: environment))
        func text(_ path: String) throws -> String {
            String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        }
        return ProcessResult(status: status, output: try text(paths[1]), errors: try text(paths[2]))
    }

    /// Runs a program that must succeed, and gives back what it printed.
    @discardableResult
    public static func check(
        _ command: [String], input: String = "", environment: [String: String] = [:]
    ) throws -> String {
        let result = try run(command, input: input, environment: environment)
        guard result.status == 0 else {
            throw ProcessFailure(
                description: "\(command.joined(separator: " ")) ended with \(result.status): \(result.errors)")
        }
        return result.output
    }

    /// - Parameters:
    ///   - paths: the files for standard input, output and errors.
    ///   - onTerminal: whether the first of them is a terminal that is to control the program (Ctrl-C).
    static func spawn(
        _ command: [String], standardStreams paths: [String], environment: [String: String] = [:],
        onTerminal: Bool = false
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (descriptor, path) in paths.enumerated() {
            let flags = descriptor == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC
            posix_spawn_file_actions_addopen(&actions, Int32(descriptor), path, flags, 0o600)
        }
        let variables = inheritedVariables.merging(environment) { $1 }
        var arguments = (["env"] + command).map { strdup($0) } + [nil]
        var settings = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (arguments + settings).forEach { free($0) } }
        // Threads that tasks run on may block signals, and children would take that over: nothing could end them.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        // The first terminal that the leader of a session opens controls it.
        let session = onTerminal ? newSession : 0
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | session)
        var child: pid_t = 0
        // By way of env, which looks for the program where the child's PATH says and not ours.
        let error = posix_spawn(&child, "/usr/bin/env", &actions, &attributes, &arguments, &settings)
        guard error == 0 else {
            throw ProcessFailure(description: "\(command[0]) cannot be started: \(String(cString: strerror(error)))")
        }
        return child
    }

    /// `POSIX_SPAWN_SETSID` (spawn.h), which is not imported.
    private static let newSession: Int16 = 0x80

    private static let inheritedVariables: [String: String] = {
        var variables = ProcessInfo.processInfo.environment
        // A shell that became root by plain su has no sbin on its path.
        variables["PATH"] = (variables["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"
        return variables
    }()

    static func wait(for child: pid_t) throws -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0 {
            guard errno == EINTR else { throw ProcessFailure(description: "process \(child) cannot be waited for") }
        }
        let signal = status & 0x7f
        return signal == 0 ? status >> 8 & 0xff : 128 + signal
    }
}

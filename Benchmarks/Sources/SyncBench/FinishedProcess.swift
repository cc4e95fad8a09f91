// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A program that was run to its end, and what it took.
struct FinishedProcess {
    /// What it printed.
    let output: String
    /// From start to end, in seconds.
    let duration: Double
    /// The most memory it ever had, in bytes.
    let peakMemory: Double

    /// The numbers that it printed in lines `NAME NUMBER`.
    var numbers: [String: Double] {
        var numbers: [String: Double] = [:]
        for line in output.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2 { numbers[String(words[0])] = Double(words[1]) }
        }
        return numbers
    }

    /// Runs a program.
    ///
    /// This process must stay small: what Linux counts as a child's peak begins with its parent's memory.
    ///
    /// - Parameters:
    ///   - command: the path of the program and its arguments.
    ///   - directory: where a file with its messages goes, and the one with what it prints.
    ///   - input: the file it reads.
    ///   - output: the file that gets what it prints, instead of ``output``.
    static func run(
        _ command: [String], in directory: String, input: String = "/dev/null", output: String? = nil
    ) throws -> FinishedProcess {
        let messages = directory + "/messages"
        let printed = output ?? directory + "/printed"
        let clock = ContinuousClock()
        let start = clock.now
        let (status, usage) = try wait(for: spawn(command, input: input, output: printed, messages: messages))
        let duration = (clock.now - start) / .seconds(1)
        guard status == 0 else {
            let text = (try? String(contentsOfFile: messages, encoding: .utf8)) ?? ""
            throw BenchError("\(command.joined(separator: " ")) failed with wait status \(status): \(text)")
        }
        return FinishedProcess(
            output: output == nil ? try String(contentsOfFile: printed, encoding: .utf8) : "", duration: duration,
            peakMemory: Double(usage.ru_maxrss) * 1024)
    }

    private static func spawn(
        _ command: [String], input: String, output: String, messages: String
    ) throws(BenchError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, messages, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        var words = command.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        let failure = posix_spawnp(&process, command[0], &actions, nil, &words, environ)
        guard failure == 0 else { throw BenchError("\(command[0]): \(String(cString: strerror(failure)))") }
        return process
    }

    private static func wait(for process: pid_t) throws(BenchError) -> (status: Int32, usage: rusage) {
        var status: Int32 = 0
        var usage = rusage()
        while wait4(process, &status, 0, &usage) < 0 {
            guard errno == EINTR else { throw BenchError("wait4: \(String(cString: strerror(errno)))") }
        }
        return (status, usage)
    }
}

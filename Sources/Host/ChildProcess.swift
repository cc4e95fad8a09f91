// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// A process of our own, the leader of a process group, with default signal handling.
struct ChildProcess {
    private let identifier: pid_t

    /// - Parameters:
    ///   - command: the program, which PATH finds, and its arguments.
    ///   - output: its standard output; input and errors are /dev/null.
    init(_ command: [String], output: FileDescriptor) throws(Errno) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, output.rawValue, STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)

        // Our threads may block or ignore signals, and a child inherits that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))

        var arguments = command.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var identifier: pid_t = 0
        let error = posix_spawnp(&identifier, command[0], &actions, &attributes, &arguments, environ)
        guard error == 0 else { throw Errno(rawValue: error) }
        self.identifier = identifier
    }

    /// Waits for the end; after `deadline`, or when a stop is asked for, kills the process and its group.
    func end(by deadline: ContinuousClock.Instant, stop: StopRequest? = nil) {
        if hasEnded(by: deadline, stop: stop) { return }
        kill(-identifier, SIGKILL)
        // What not even that ends waits inside the kernel; it is left to itself.
        _ = hasEnded(by: .now + Self.killingTime)
    }

    private static let killingTime = Duration.seconds(1)

    private func hasEnded(by deadline: ContinuousClock.Instant, stop: StopRequest? = nil) -> Bool {
        while true {
            let result = waitpid(identifier, nil, WNOHANG)
            if result == identifier || result < 0 && errno != EINTR { return true }
            guard .now < deadline, stop?.isMade != true else { return false }
            usleep(Self.pauseInMicroseconds)
        }
    }

    private static let pauseInMicroseconds: UInt32 = 500
}

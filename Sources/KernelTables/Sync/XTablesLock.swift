// SPDX-License-Identifier: Apache-2.0

import Clibiptc
import Glibc
import Host

/// The lock that all writers of legacy tables share: `flock` on a file, as `iptables -w` takes it.
///
/// The kernel refuses a commit only when the *number* of entries changed since the table was read, so read, edit and
/// commit must happen under this lock. The file is the same in all network namespaces.
public struct XTablesLock: Sendable {
    /// Where iptables has it (`XT_LOCK_NAME`), unless the environment sets `XTABLES_LOCKFILE`.
    public static let defaultPath = "/run/xtables.lock"

    /// The file.
    public var path: String
    /// How long to wait for it; zero tries once.
    public var limit: Duration
    /// Knows who holds it.
    package var host: (any Host)?
    /// Ends the wait for it.
    package var stop: StopRequest?

    /// Names the file and the longest time to wait for it.
    public init(path: String = XTablesLock.defaultPath, limit: Duration = .seconds(5)) {
        self.path = path
        self.limit = limit
    }

    /// Why the lock could not be taken.
    public enum Failure: Error, Hashable, Sendable {
        /// Another process held it all the time; `holder` names it by its command and number, if it is known.
        case busy(path: String, waited: Duration, holder: String?)
        /// The file cannot be opened or locked.
        case unusable(path: String, errorNumber: Int32)
        /// What has that name is no regular file but, say, a FIFO.
        case notRegularFile(path: String)
        /// The program is to end, and did not wait any longer.
        case stopped(path: String)
    }

    /// The lock while it is held; released by ``release()`` or when the last reference goes.
    final class Held {
        private var descriptor: Int32?
        /// How long it took to get it.
        let waited: Duration

        init(descriptor: Int32, waited: Duration) {
            self.descriptor = descriptor
            self.waited = waited
        }

        deinit { release() }

        func release() {
            if let descriptor { close(descriptor) }
            descriptor = nil
        }
    }

    /// Takes the lock.
    func acquire() throws(Failure) -> Held {
        let descriptor = try openFile()
        let clock = ContinuousClock()
        let start = clock.now
        var pause = Self.firstPause
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let number = errno
            if number == EINTR { continue }
            let waited = clock.now - start
            guard number == EWOULDBLOCK, waited < limit, stop?.isMade != true else {
                defer { close(descriptor) }
                throw failure(number, waited: waited)
            }
            // Short pauses: a process that waits for it in the kernel gets it first, so many tries are needed.
            sleep(min(pause, limit - waited))
            pause = min(pause * 2, Self.longestPause)
        }
        return Held(descriptor: descriptor, waited: clock.now - start)
    }

    private func failure(_ number: Int32, waited: Duration) -> Failure {
        guard number == EWOULDBLOCK else { return .unusable(path: path, errorNumber: number) }
        guard waited >= limit else { return .stopped(path: path) }
        return .busy(path: path, waited: waited, holder: host?.fileLockHolder(path: path)?.description)
    }

    /// Whether the file can be opened; it is made if it is not there.
    func checkAccess() throws(Failure) { close(try openFile()) }

    private func openFile() throws(Failure) -> Int32 {
        // As iptables makes it: mode 0600, not inherited by children. Without waiting, should a FIFO have the name.
        var descriptor = open(path, O_CREAT | O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0o600)
        // In a folder like /tmp, another user's file can be opened, but not with O_CREAT (fs.protected_regular).
        if descriptor < 0, errno == EACCES { descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw .unusable(path: path, errorNumber: errno) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .notRegularFile(path: path)
        }
        return descriptor
    }

    private static let firstPause = Duration.microseconds(200)
    private static let longestPause = Duration.milliseconds(3)
}

/// Lets the thread sleep; the syncer is synchronous, since everything it waits for is.
func sleep(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    guard seconds >= 0, attoseconds >= 0 else { return }
    var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    var left = timespec()
    while nanosleep(&time, &left) != 0, errno == EINTR { time = left }
}

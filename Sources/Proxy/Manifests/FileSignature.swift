// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// What distinguishes one content of a file from another without reading it.
struct FileSignature: Hashable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int
    private let changed: Moment
    private let modified: Moment

    private struct Moment: Hashable {
        let seconds: Int
        let nanoseconds: Int

        init(_ time: timespec) {
            seconds = time.tv_sec
            nanoseconds = time.tv_nsec
        }
    }

    /// The signature of a file, or of what a symbolic link leads to; `nil` if there is nothing.
    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int(status.st_size)
        changed = Moment(status.st_ctim)
        modified = Moment(status.st_mtim)
    }

    /// Whether a process has the file open to write to it.
    ///
    /// The kernel grants a lease for reading only if none has; it is given back at once. No on file systems without
    /// leases, and for files of other users.
    static func isBeingWritten(_ path: String) -> Bool {
        _ = ignoresLeaseSignal
        guard let descriptor = try? FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking]) else {
            return false
        }
        defer { try? descriptor.close() }
        guard fcntl(descriptor.rawValue, Self.setLease, F_RDLCK) != 0 else {
            _ = fcntl(descriptor.rawValue, Self.setLease, F_UNLCK)
            return false
        }
        return errno == EAGAIN
    }

    /// Ignores `SIGIO`, by which the kernel announces that a process waits for the lease, and otherwise ends the process.
    private static let ignoresLeaseSignal: Void = { signal(SIGIO, SIG_IGN) }()

    /// `F_SETLEASE`, which is not imported (linux/fcntl.h).
    private static let setLease: Int32 = 1024
}

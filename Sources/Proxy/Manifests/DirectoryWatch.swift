// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import SystemPackage

/// Rings an alarm when something in directories changes, through inotify.
///
/// A file counts as changed when its writer closes it, so that half-written files are left alone; a file that is renamed
/// into place, and a symbolic link that is swapped, as ConfigMap mounts do it, at once.
final class DirectoryWatch {
    private let descriptor: FileDescriptor
    private let source: any DispatchSourceRead

    private static let mask = UInt32(
        IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF)

    /// Watches nothing yet.
    ///
    /// - Parameter alarm: rings when something has changed.
    /// - Returns: `nil` if the system has no inotify left for this user (`fs.inotify.max_user_instances`).
    init?(ringing alarm: Alarm) {
        let number = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard number >= 0 else { return nil }
        let descriptor = FileDescriptor(rawValue: number)
        self.descriptor = descriptor
        source = DispatchSource.makeReadSource(fileDescriptor: number, queue: .global())
        source.setEventHandler {
            Self.discardEvents(descriptor)
            Task { await alarm.ring() }
        }
        source.setCancelHandler { try? descriptor.close() }
        source.resume()
    }

    deinit { source.cancel() }

    /// Watches a directory too; one that is watched already stays so, one that is gone is forgotten by the kernel.
    ///
    /// - Returns: whether it can be watched.
    @discardableResult
    func add(_ directory: String) -> Bool {
        inotify_add_watch(descriptor.rawValue, directory, Self.mask | UInt32(IN_ONLYDIR)) >= 0
    }

    /// What exactly happened does not matter: everything is checked again.
    private static func discardEvents(_ descriptor: FileDescriptor) {
        withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 8) { buffer in
            while let length = try? descriptor.read(into: buffer), length > 0 {}
        }
    }
}

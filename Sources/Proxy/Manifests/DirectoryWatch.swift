import Dispatch
import Glibc

/// Tells when something in directories changes, through inotify.
///
/// A file counts as changed when its writer closes it, so that half-written files are left alone; a file that is renamed
/// into place, and a symbolic link that is swapped, as ConfigMap mounts do it, at once.
final class DirectoryWatch {
    private let descriptor: Int32
    private let source: any DispatchSourceRead

    private static let mask = UInt32(
        IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF)

    /// Makes a watch of nothing yet.
    ///
    /// - Parameter alarm: rings when something has changed.
    /// - Returns: `nil` if the system has no inotify left for this user (`fs.inotify.max_user_instances`).
    init?(ringing alarm: Alarm) {
        let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
        source.setEventHandler {
            Self.discardEvents(descriptor)
            Task { await alarm.ring() }
        }
        source.setCancelHandler { close(descriptor) }
        source.resume()
    }

    deinit { source.cancel() }

    /// Watches a directory too; one that is watched already stays so, one that is gone is forgotten by the kernel.
    ///
    /// - Returns: whether it can be watched.
    @discardableResult
    func add(_ directory: String) -> Bool {
        inotify_add_watch(descriptor, directory, Self.mask | UInt32(IN_ONLYDIR)) >= 0
    }

    /// What exactly happened does not matter: whoever is told looks at everything again.
    private static func discardEvents(_ descriptor: Int32) {
        withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 8) { buffer in
            while read(descriptor, buffer.baseAddress, buffer.count) > 0 {}
        }
    }
}

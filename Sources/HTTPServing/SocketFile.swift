// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// The file of a Unix socket that this process listens on; only its owner may connect.
struct SocketFile: Sendable {
    let path: String
    /// The listening socket; whoever takes it closes it.
    let descriptor: CInt
    private let identity: FileIdentity

    /// Listens at a path, which a process that has ended may have left behind; makes its folder if that is missing.
    ///
    /// - Throws: ``SocketFailure``, also if another process listens there.
    init(path: String, backlog: CInt) throws(SocketFailure) {
        try Self.makeFolder(of: path)
        let address = try SocketPath(path)
        try Self.removeStale(address)
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketFailure(path, Errno(rawValue: errno)) }
        do throws(SocketFailure) {
            // The file takes over the mode of the socket (net/unix/af_unix.c, unix_bind_bsd), so it is never open to all.
            guard fchmod(descriptor, S_IRUSR | S_IWUSR) == 0, address.withPointer({ bind(descriptor, $0, $1) }) == 0,
                listen(descriptor, backlog) == 0
            else { throw SocketFailure(path, Errno(rawValue: errno)) }
            guard let identity = FileIdentity(path) else { throw SocketFailure(path, .noSuchFileOrDirectory) }
            self.identity = identity
        } catch {
            close(descriptor)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
    }

    /// Removes the file, unless another process has put its own there.
    func remove() { if FileIdentity(path) == identity { unlink(path) } }

    private static let folderMode: mode_t = 0o755

    private static func makeFolder(of path: String) throws(SocketFailure) {
        let folder = FilePath(path).removingLastComponent().string
        guard !folder.isEmpty else { return }
        if mkdir(folder, folderMode) == 0 {
            // The umask of a service is often narrower; the socket itself is for its owner only.
            chmod(folder, folderMode)
        } else if errno != EEXIST {
            throw SocketFailure(path, Errno(rawValue: errno))
        }
    }

    /// Removes the file of a process that has ended: nobody listens there.
    private static func removeStale(_ address: SocketPath) throws(SocketFailure) {
        var status = stat()
        guard lstat(address.path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw SocketFailure(address.path, .notSocket) }
        let client = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard client >= 0 else { throw SocketFailure(address.path, Errno(rawValue: errno)) }
        defer { close(client) }
        if address.withPointer({ connect(client, $0, $1) }) == 0 { throw SocketFailure(address.path, .addressInUse) }
        guard errno == ECONNREFUSED else { throw SocketFailure(address.path, Errno(rawValue: errno)) }
        unlink(address.path)
    }
}

/// The address of a Unix socket.
private struct SocketPath {
    let path: String
    private var address = sockaddr_un()

    init(_ path: String) throws(SocketFailure) {
        self.path = path
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        // The last byte is the final NUL.
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
            throw SocketFailure(path, .fileNameTooLong)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    }

    func withPointer(_ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

/// What a file is, whatever its name.
private struct FileIdentity: Sendable, Equatable {
    private let device: dev_t
    private let number: ino_t

    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        device = status.st_dev
        number = status.st_ino
    }
}

/// Why a server cannot listen on a Unix socket.
package struct SocketFailure: Error, Hashable, Sendable {
    package let path: String
    package let error: Errno

    init(_ path: String, _ error: Errno) {
        self.path = path
        self.error = error
    }
}

extension SocketFailure: CustomStringConvertible {
    /// One line: the path, the cause, and what to do.
    package var description: String {
        let text =
            switch error {
            case .addressInUse: "another process listens there: choose another path"
            case .notSocket: "the file is not a socket: remove it, or choose another path"
            case .fileNameTooLong: "the path is longer than 107 bytes: choose a shorter one"
            case .noSuchFileOrDirectory: "its folder does not exist: create it"
            case .readOnlyFileSystem: "the file system is read-only: mount a writable one there, or choose another path"
            case .permissionDenied, .notPermitted:
                "not permitted: choose a path in a folder that this process can write"
            default: "\(error)"
            }
        return "cannot listen on \(path): \(text)"
    }
}

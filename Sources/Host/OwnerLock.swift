// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// The lock of the one program that keeps the rules of a network namespace in sync, held as long as it runs.
///
/// Unlike the xtables lock, which all writers share for each commit, it is never waited for: a second program is refused.
/// Its file's name has the number of the network namespace, since containers may share the directory but not the tables.
package final class OwnerLock: Sendable {
    /// Why the lock is not held.
    package enum Failure: Error, Hashable {
        /// Another process holds it; its identifier, if it left one in the file.
        case held(path: String, process: Int32?)
        /// The file cannot be created, opened or locked.
        case unusable(path: String, Errno)
    }

    private let path: String
    private let descriptor: FileDescriptor

    /// Acquires the lock; it is released when this value, or the process, ends.
    ///
    /// - Throws: ``Failure``.
    package init(path: String) throws(Failure) {
        var locked: FileDescriptor
        repeat { locked = try Self.lock(path) } while !Self.isFile(locked, at: path)
        descriptor = locked
        self.path = path
        // For the message of the next one only, so it need not succeed.
        try? descriptor.resize(to: 0)
        _ = try? descriptor.writeAll(toAbsoluteOffset: 0, "\(getpid())\n".utf8)
    }

    deinit {
        unlink(path)
        try? descriptor.close()
    }

    private static func lock(_ path: String) throws(Failure) -> FileDescriptor {
        let descriptor: FileDescriptor
        do {
            descriptor = try FileDescriptor.open(
                path, .readWrite, options: [.create, .closeOnExec, .nonBlocking], permissions: .ownerReadWrite)
        } catch {
            throw .unusable(path: path, error as? Errno ?? .ioError)
        }
        guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) != 0 else { return descriptor }
        let error = Errno(rawValue: errno)
        let process = process(in: descriptor)
        try? descriptor.close()
        throw error == .wouldBlock ? .held(path: path, process: process) : .unusable(path: path, error)
    }

    /// Whether the file that was locked is still the one of that name: its former owner removes it at its end.
    private static func isFile(_ descriptor: FileDescriptor, at path: String) -> Bool {
        var locked = stat()
        var named = stat()
        guard fstat(descriptor.rawValue, &locked) == 0, stat(path, &named) == 0,
            locked.st_ino == named.st_ino, locked.st_dev == named.st_dev
        else {
            try? descriptor.close()
            return false
        }
        return true
    }

    /// The process that holds the lock of a file; `nil` if none does, or the file cannot be read.
    package static func holder(path: String) -> Failure? {
        guard let descriptor = try? FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking]) else {
            return nil
        }
        defer { try? descriptor.close() }
        guard flock(descriptor.rawValue, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK else { return nil }
        return .held(path: path, process: process(in: descriptor))
    }

    private static func process(in descriptor: FileDescriptor) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = try? bytes.withUnsafeMutableBytes { try descriptor.read(fromAbsoluteOffset: 0, into: $0) }
        return Int32(String(decoding: bytes.prefix(count ?? 0).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    // MARK: The file

    /// The file for the network namespace of the calling thread: in /run/kubetables if that is there and can be written,
    /// else in /run.
    ///
    /// A program that was started before /run/kubetables was there holds the other file: then it is that one.
    package static var defaultPath: String {
        let name = NetworkNamespaceNumber.ofThisThread.map { "\($0).lock" } ?? "lock"
        let folder = "/run/kubetables"
        let other = "\(folder)-\(name)"
        guard access(folder, W_OK | X_OK) == 0, holder(path: other) == nil else { return other }
        return "\(folder)/\(name)"
    }
}

extension OwnerLock.Failure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .held(let path, let process):
            "another kubetables\(process.map { " (process \($0))" } ?? "") keeps the rules of this network namespace in "
                + "sync and holds \(path)"
        case .unusable(let path, let error):
            "cannot lock \(path): \(error.text)"
        }
    }
}

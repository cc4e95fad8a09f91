// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Finds and reads the files that the user named.
public enum InputFiles {
    /// How standard input is named on the command line.
    static let standardInput = "-"
    /// The largest file that is read, in bytes.
    public static let sizeLimit = 1 << 30

    private static let extensions: Set<String> = ["yaml", "yml", "json"]
    private static let chunkSize = 1 << 20

    /// Why a file cannot be read.
    public struct Failure: Error, Hashable {
        /// The path of the file.
        public let path: String
        /// What is wrong, and what would be right.
        public let message: String

        /// The failure that the last system call left in `errno`.
        static func system(_ path: String) -> Failure {
            let reason = String(cString: strerror(errno))
            // Arguments come decoded: bytes that are not UTF-8 are replaced, and the name is another one.
            let isDecoded = errno == ENOENT && path.contains("\u{FFFD}")
            return Failure(
                path: path,
                message: "cannot be read: \(reason)"
                    + (isDecoded ? " (the name may have bytes that are not UTF-8; rename the file)" : ""))
        }

        /// The failure of a name that is not UTF-8; bytes that are not appear as `\xff`.
        static func invalidName(_ bytes: [UInt8], in directory: String) -> Failure {
            let name = bytes.map { (0x20...0x7e).contains($0) ? String(UnicodeScalar($0)) : "\\x" + hexadecimal($0) }
            return Failure(
                path: "\(directory)/\(name.joined())",
                message: "cannot be read: the name has bytes that are not UTF-8; rename it")
        }

        private static func hexadecimal(_ byte: UInt8) -> String {
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }

        /// The failure of a directory that had manifests, and has none any more.
        public static func withoutManifests(_ path: String) -> Failure {
            Failure(
                path: path,
                message:
                    "holds no .yaml, .yml or .json file any more; if there are to be no Services, write a List without "
                    + "items into a file, or pass --allow-empty")
        }

        static func tooLarge(_ path: String, limit: Int) -> Failure {
            let message =
                limit < 1 << 30
                ? "is larger than \(limit >> 20) MiB" : "is larger than \(limit >> 30) GiB; split it into several files"
            return Failure(path: path, message: message)
        }
    }

    /// The files that a path stands for: itself, or those of a directory and the directories in it.
    ///
    /// In directories only names with the extensions of YAML and JSON count, hidden ones do not, and names decide on the
    /// order. Symbolic links are followed, to directories only within the directory that was named (as ConfigMap mounts have
    /// them); one that has been visited already is passed over, so they may form circles. A file named outright may have any
    /// name, and be a pipe; others must be regular files. A tree of more than 100,000 entries is not read.
    public static func files(at path: String) -> [Result<String, Failure>] { listing(of: path).files }

    /// What a path stands for.
    public struct Listing: Sendable {
        /// The files, or why something could not be looked at.
        public var files: [Result<String, Failure>] = []
        /// The directories that were looked into, whether or not they hold any file.
        public var directories: [String] = []
    }

    /// The files that a path stands for, as ``files(at:)`` has them, and the directories they were looked for in.
    public static func listing(of path: String) -> Listing {
        if path == standardInput { return Listing(files: [.success(path)]) }
        return DirectoryWalk.listing(of: path)
    }

    static func hasKnownExtension(_ path: String) -> Bool {
        path.split(separator: ".").last.map { extensions.contains($0.lowercased()) } ?? false
    }

    /// What is wrong with the type of a file that must be a regular one; `nil` if it is one, or a directory, or not there.
    public static func irregularity(of path: String) -> Failure? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return irregularity(of: path, status)
    }

    static func irregularity(of path: String, _ status: stat) -> Failure? {
        let type: String
        switch status.st_mode & S_IFMT {
        case S_IFREG, S_IFDIR: return nil
        case S_IFIFO: type = "a named pipe"
        case S_IFSOCK: type = "a socket"
        default: type = "a device"
        }
        return Failure(path: path, message: "cannot be read: it is \(type); it must be a regular file")
    }

    /// The content of a file, or of standard input.
    ///
    /// - Parameters:
    ///   - path: the file, or `-` for standard input.
    ///   - allowsPipes: whether the file may be a pipe, whose writer is waited for; otherwise it must be a regular file.
    ///   - limit: the largest size, in bytes.
    /// - Throws: ``Failure``.
    public static func content(
        of path: String, allowsPipes: Bool = false, limit: Int = sizeLimit
    ) throws(Failure) -> [UInt8] {
        let isStandardInput = path == standardInput
        // A file can become a pipe after it was looked at: opening that would wait for a writer, who may never come.
        let flags = O_RDONLY | O_CLOEXEC | (allowsPipes ? 0 : O_NONBLOCK)
        let descriptor = isStandardInput ? STDIN_FILENO : open(path, flags)
        guard descriptor >= 0 else { throw .system(path) }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        var status = stat()
        let hasStatus = fstat(descriptor, &status) == 0
        if hasStatus, !allowsPipes, !isStandardInput, let irregularity = irregularity(of: path, status) {
            throw irregularity
        }
        let size = hasStatus ? Int(status.st_size) : 0
        var bytes: [UInt8] = []
        if size <= limit { bytes.reserveCapacity(size + 1) }
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkSize, alignment: 1)
        defer { chunk.deallocate() }
        while true {
            let count = read(descriptor, chunk.baseAddress, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(path) }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit, size <= limit else { throw .tooLarge(path, limit: limit) }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[..<count]))
        }
    }
}

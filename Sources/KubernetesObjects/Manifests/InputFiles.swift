// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Finds and reads the files that the user named.
public enum InputFiles {
    /// How standard input is named on the command line.
    static let standardInput = "-"
    /// The largest file that is read, in bytes.
    static let sizeLimit = 1 << 30

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
            Failure(path: path, message: "cannot be read: \(String(cString: strerror(errno)))")
        }
    }

    /// The files that a path stands for: itself, or those of a directory and the directories in it.
    ///
    /// In directories only files with the extensions of YAML and JSON count, hidden ones do not, and names decide on the
    /// order. Symbolic links are followed; a directory that has been visited already is passed over, so they may form
    /// circles. A file named outright may have any name, and be a pipe; others must be regular files.
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
        var visited: Set<FileIdentity> = []
        var listing = Listing()
        list(path, isNamedOutright: true, visited: &visited, in: &listing)
        return listing
    }

    private struct FileIdentity: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    private static func list(
        _ path: String, isNamedOutright: Bool, visited: inout Set<FileIdentity>, in listing: inout Listing
    ) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            if isNamedOutright || hasKnownExtension(path) { listing.files.append(.failure(.system(path))) }
            return
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            // Reading a pipe would wait for its writer, who may never come.
            let isFile = status.st_mode & S_IFMT == S_IFREG && hasKnownExtension(path)
            if isNamedOutright || isFile { listing.files.append(.success(path)) }
            return
        }
        let identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        guard visited.insert(identity).inserted else { return }
        guard let directory = opendir(path) else { return listing.files.append(.failure(.system(path))) }
        defer { closedir(directory) }
        listing.directories.append(path)
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                    String(cString: $0)
                }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        let prefix = path.hasSuffix("/") ? path : path + "/"
        for name in names.sorted() {
            list(prefix + name, isNamedOutright: false, visited: &visited, in: &listing)
        }
    }

    private static func hasKnownExtension(_ path: String) -> Bool {
        path.split(separator: ".").last.map { extensions.contains($0.lowercased()) } ?? false
    }

    /// The content of a file, or of standard input.
    ///
    /// - Throws: ``Failure``.
    public static func content(of path: String) throws(Failure) -> [UInt8] {
        let descriptor = path == standardInput ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(path) }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        var status = stat()
        let size = fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
        var bytes: [UInt8] = []
        if size <= sizeLimit { bytes.reserveCapacity(size + 1) }
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: chunkSize, alignment: 1)
        defer { chunk.deallocate() }
        while true {
            let count = read(descriptor, chunk.baseAddress, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(path) }
            if count == 0 { return bytes }
            guard bytes.count + count <= sizeLimit, size <= sizeLimit else {
                throw Failure(path: path, message: "is larger than \(sizeLimit >> 30) GiB; split it into several files")
            }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: chunk[..<count]))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages

/// The search for manifests in a directory and the directories in it, which ends however large the tree is.
struct DirectoryWalk {
    /// How much of a tree is looked at.
    struct Limits {
        /// The most names in all directories together, hidden ones included; a directory that holds more is not read at all.
        var entries = 100_000
        /// The most directories on the way to a file, below the one that was named.
        var depth = 32
    }

    private struct FileIdentity: Hashable {
        let device: UInt64
        let inode: UInt64

        init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
        }
    }

    private let root: String
    /// Where the root really is, without symbolic links.
    private let realRoot: String?
    private let limits: Limits
    private var visited: Set<FileIdentity> = []
    private var entryCount = 0
    private var listing = InputFiles.Listing()

    /// What a path stands for.
    static func listing(of path: String, limits: Limits = Limits()) -> InputFiles.Listing {
        var walk = DirectoryWalk(root: path, limits: limits)
        do throws(InputFiles.Failure) {
            try walk.visit(path, depth: 0)
        } catch {
            // Part of a tree must not pass for the whole: what is in the rest would count as gone.
            return InputFiles.Listing(files: [.failure(error)], directories: [path])
        }
        return walk.listing
    }

    private init(root: String, limits: Limits) {
        self.root = root
        self.limits = limits
        realRoot = Self.realPath(root)
    }

    /// - Throws: if the tree has too many entries.
    private mutating func visit(_ path: String, depth: Int) throws(InputFiles.Failure) {
        let isNamedOutright = depth == 0
        var status = stat()
        guard stat(path, &status) == 0 else {
            if isNamedOutright || InputFiles.hasKnownExtension(path) { fail(.system(path)) }
            return
        }
        if status.st_mode & S_IFMT == S_IFDIR {
            try visitDirectory(path, FileIdentity(status), depth: depth)
        } else if isNamedOutright {
            listing.files.append(.success(path))
        } else if InputFiles.hasKnownExtension(path) {
            // Reading a pipe would wait for its writer, who may never come.
            let irregularity = InputFiles.irregularity(of: path, status)
            listing.files.append(irregularity.map { .failure($0) } ?? .success(path))
        }
    }

    private mutating func visitDirectory(
        _ path: String, _ identity: FileIdentity, depth: Int
    ) throws(InputFiles.Failure) {
        // A link to / would have all files of the machine read.
        if depth > 0, leavesRoot(path) { return fail(.outside(path, of: root)) }
        guard visited.insert(identity).inserted else { return }
        guard depth <= limits.depth else { return fail(.tooDeep(path, limit: limits.depth)) }
        guard let directory = opendir(path) else { return fail(.system(path)) }
        listing.directories.append(path)
        let names = try names(in: directory, path)
        let prefix = path.hasSuffix("/") ? path : path + "/"
        for name in names { try visit(prefix + name, depth: depth + 1) }
    }

    /// The names that do not begin with a dot, in their order; closes the directory.
    private mutating func names(
        in directory: OpaquePointer, _ path: String
    ) throws(InputFiles.Failure) -> [String] {
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            entryCount += 1
            guard entryCount <= limits.entries else {
                throw .tooManyEntries(root, reachedIn: path, limit: limits.entries)
            }
            let bytes = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: UInt8.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                    [UInt8](
                        UnsafeBufferPointer(
                            start: $0, count: strlen(UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))))
                }
            }
            guard bytes.first != UInt8(ascii: ".") else { continue }
            if let name = String(validating: bytes, as: UTF8.self) {
                names.append(name)
            } else if Self.isManifest(nameBytes: bytes, in: directory) {
                fail(.invalidName(bytes, in: path))
            }
        }
        return names.sorted()
    }

    private mutating func fail(_ failure: InputFiles.Failure) { listing.files.append(.failure(failure)) }

    /// Whether a directory is a symbolic link that leads out of the root.
    private func leavesRoot(_ path: String) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return false }
        guard let realRoot, let target = Self.realPath(path) else { return true }
        return target != realRoot && !target.hasPrefix(realRoot == "/" ? "/" : "\(realRoot)/")
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    /// Whether a name that is not UTF-8 is that of a manifest or of a directory.
    private static func isManifest(nameBytes: [UInt8], in directory: OpaquePointer) -> Bool {
        if InputFiles.hasKnownExtension(String(decoding: nameBytes, as: UTF8.self)) { return true }
        var status = stat()
        let result = fstatat(dirfd(directory), nameBytes.map { CChar(bitPattern: $0) } + [0], &status, 0)
        return result == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

extension InputFiles.Failure {
    fileprivate static func outside(_ path: String, of root: String) -> InputFiles.Failure {
        InputFiles.Failure(
            path: path,
            message: "cannot be read: it is a symbolic link to a directory outside of \(MessageText.escaped(root)); "
                + "move the manifests into \(MessageText.escaped(root)), or remove the link")
    }

    fileprivate static func tooDeep(_ path: String, limit: Int) -> InputFiles.Failure {
        InputFiles.Failure(
            path: path, message: "cannot be read: directories may be nested \(limit) levels deep; move it up")
    }

    fileprivate static func tooManyEntries(_ root: String, reachedIn path: String, limit: Int) -> InputFiles.Failure {
        InputFiles.Failure(
            path: root,
            message:
                "cannot be read: more than \(limit) files and directories, reached in \(MessageText.escaped(path)); "
                + "remove what is not a manifest")
    }
}

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
    /// circles. A file named outright may have any name, and be a pipe.
    public static func files(at path: String) -> [Result<String, Failure>] {
        if path == standardInput { return [.success(path)] }
        var visited: Set<FileIdentity> = []
        return files(at: path, isNamedOutright: true, visited: &visited)
    }

    private struct FileIdentity: Hashable {
        let device: UInt64
        let inode: UInt64
    }

    private static func files(
        at path: String, isNamedOutright: Bool, visited: inout Set<FileIdentity>
    ) -> [Result<String, Failure>] {
        var status = stat()
        guard stat(path, &status) == 0 else {
            return isNamedOutright || hasKnownExtension(path) ? [.failure(.system(path))] : []
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return isNamedOutright || hasKnownExtension(path) ? [.success(path)] : []
        }
        let identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        guard visited.insert(identity).inserted else { return [] }
        guard let directory = opendir(path) else { return [.failure(.system(path))] }
        defer { closedir(directory) }
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
        return names.sorted().flatMap { files(at: prefix + $0, isNamedOutright: false, visited: &visited) }
    }

    private static func hasKnownExtension(_ path: String) -> Bool {
        path.split(separator: ".").last.map { extensions.contains($0.lowercased()) } ?? false
    }

    /// The content of a file, or of standard input.
    static func content(of path: String) throws(Failure) -> [UInt8] {
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

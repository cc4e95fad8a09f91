import Glibc

/// A file with a number in it, as they are below /proc/sys and /sys.
struct ParameterFile {
    let path: String

    /// Why a file was of no use.
    enum Failure: Error, Hashable {
        /// The system call failed with an error number of errno.h.
        case system(Int32)
        /// What is there is no number.
        case noNumber(String)
    }

    /// The longest text that is read; the kernel's numbers have up to 20 digits.
    private static let longestText = 64

    /// Reads the number.
    func read() throws(Failure) -> Int {
        let descriptor = try open(O_RDONLY)
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Self.longestText)
        let length = Glibc.read(descriptor, &bytes, bytes.count)
        guard length >= 0 else { throw .system(errno) }
        let text = String(decoding: bytes.prefix(length), as: UTF8.self)
        let word = text.prefix { !$0.isWhitespace }
        guard let number = Int(word) else { throw .noNumber(String(word)) }
        return number
    }

    /// Writes the number; the kernel takes it as a whole or not at all.
    func write(_ number: Int) throws(Failure) {
        // The file is never made: what the kernel does not have cannot be set.
        let descriptor = try open(O_WRONLY | O_TRUNC)
        defer { close(descriptor) }
        let text = Array(String(number).utf8)
        let length = Glibc.write(descriptor, text, text.count)
        guard length == text.count else { throw .system(length < 0 ? errno : EIO) }
    }

    private func open(_ flags: Int32) throws(Failure) -> Int32 {
        let descriptor = Glibc.open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(errno) }
        return descriptor
    }
}

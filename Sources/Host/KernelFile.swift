// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// A small file by which the kernel shows or sets something, as they are below /proc and /sys.
package struct KernelFile: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    private static let chunkSize = 4096

    package func text() throws(Errno) -> String {
        try withDescriptor(.readOnly, []) { descriptor in
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: Self.chunkSize)
            while true {
                let length = try chunk.withUnsafeMutableBytes { try descriptor.read(into: $0) }
                guard length > 0 else { return String(decoding: bytes, as: UTF8.self) }
                bytes += chunk[..<length]
            }
        }
    }

    /// Writes `text` in one call: the kernel accepts it as a whole or not at all.
    ///
    /// The file is never created: what the kernel does not have cannot be set.
    package func write(_ text: String) throws(Errno) {
        try withDescriptor(.writeOnly, .truncate) { descriptor in
            let bytes = Array(text.utf8)
            guard try bytes.withUnsafeBytes({ try descriptor.write($0) }) == bytes.count else { throw Errno.ioError }
        }
    }

    private func withDescriptor<Value>(
        _ mode: FileDescriptor.AccessMode, _ options: FileDescriptor.OpenOptions,
        _ body: (FileDescriptor) throws -> Value
    ) throws(Errno) -> Value {
        do {
            // Without waiting, should a pipe be in the file's place.
            let descriptor = try FileDescriptor.open(path, mode, options: options.union([.closeOnExec, .nonBlocking]))
            defer { try? descriptor.close() }
            return try body(descriptor)
        } catch {
            // Nothing else is thrown by FileDescriptor.
            throw error as? Errno ?? .ioError
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The input that is being read, in a file that is mapped into memory: what it holds outlives a crash of this program.
final class CurrentInput: @unchecked Sendable {
    private static let headLength = 16
    private let base: UnsafeMutableRawPointer
    private let length = headLength + Mutator.sizeLimit + 4096

    init?(path: String) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(length)) == 0,
            let base = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), base != MAP_FAILED
        else { return nil }
        self.base = base
    }

    func set(_ input: [UInt8], number: Int) {
        let count = min(input.count, length - Self.headLength)
        base.storeBytes(of: number, as: Int.self)
        base.storeBytes(of: count, toByteOffset: 8, as: Int.self)
        (base + Self.headLength).copyMemory(from: input, byteCount: count)
    }

    /// What was set last.
    var input: [UInt8] {
        let count = base.load(fromByteOffset: 8, as: Int.self)
        return Array(UnsafeRawBufferPointer(start: base + Self.headLength, count: count))
    }
}

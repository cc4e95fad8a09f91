// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One growing block of memory that many small records are written into, one behind the other.
///
/// A ruleset has hundreds of thousands of rules; an allocation for each would cost more than the bytes themselves.
/// Offsets stay valid while the block grows, pointers do not.
final class ByteArena {
    private(set) var base: UnsafeMutableRawPointer
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int = 1 << 16) {
        self.capacity = max(capacity, 64)
        base = Self.allocated(malloc(self.capacity))
    }

    deinit { free(base) }

    /// Makes room for `additional` bytes, so that as many can be appended.
    func reserve(_ additional: Int) {
        guard count + additional > capacity else { return }
        capacity = max(count + additional, capacity + capacity / 2)
        base = Self.allocated(realloc(base, capacity))
    }

    private static func allocated(_ block: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer {
        guard let block else { fatalError("out of memory") }
        return block
    }

    /// Appends a number in host order; room must have been reserved.
    @inline(__always)
    func append<Number: BitwiseCopyable>(_ number: Number) {
        base.storeBytes(of: number, toByteOffset: count, as: Number.self)
        count += MemoryLayout<Number>.size
    }

    /// Appends bytes; room must have been reserved.
    @inline(__always)
    func append(_ bytes: UnsafeRawBufferPointer) {
        if let start = bytes.baseAddress { memcpy(base + count, start, bytes.count) }
        count += bytes.count
    }

    /// Appends zeros; room must have been reserved.
    @inline(__always)
    func appendZeros(_ length: Int) {
        memset(base + count, 0, length)
        count += length
    }

    /// Forgets what was written behind `length` bytes.
    func truncate(to length: Int) {
        count = min(count, length)
    }
}

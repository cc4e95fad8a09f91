// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Which of many descriptors can be read, by epoll: `poll` would look at each of them each time.
struct EventQueue {
    private typealias Control = @convention(c) (Int32, Int32, Int32, UnsafeMutableRawPointer) -> Int32
    private typealias Wait = @convention(c) (Int32, UnsafeMutableRawPointer, Int32, Int32) -> Int32

    // The module Glibc leaves sys/epoll.h out. On x86-64 struct epoll_event is packed (include/uapi/linux/eventpoll.h).
    #if arch(x86_64)
    private static let eventSize = 12
    private static let dataOffset = 4
    #else
    private static let eventSize = 16
    private static let dataOffset = 8
    #endif
    private static let create = unsafeBitCast(
        dlsym(nil, "epoll_create1"), to: (@convention(c) (_ flags: Int32) -> Int32).self)
    private static let control = unsafeBitCast(dlsym(nil, "epoll_ctl"), to: Control.self)
    private static let wait = unsafeBitCast(dlsym(nil, "epoll_wait"), to: Wait.self)
    /// `EPOLL_CTL_ADD` and `EPOLLIN`.
    private static let add: Int32 = 1
    private static let readable: UInt32 = 1
    private static let batch = 256

    private let descriptor: Int32

    init() {
        descriptor = Self.create(O_CLOEXEC)
        guard descriptor >= 0 else { fail("no epoll: \(String(cString: strerror(errno)))") }
    }

    /// Waits for a descriptor as well, until it is closed.
    func insert(_ member: Int32) {
        withUnsafeTemporaryAllocation(byteCount: Self.eventSize, alignment: 8) { event in
            event.initializeMemory(as: UInt8.self, repeating: 0)
            event.storeBytes(of: Self.readable, as: UInt32.self)
            event.storeBytes(of: member, toByteOffset: Self.dataOffset, as: Int32.self)
            guard let base = event.baseAddress, Self.control(descriptor, Self.add, member, base) == 0 else {
                fail("no epoll: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Waits until some of them can be read, or have ended.
    func next() -> [Int32] {
        withUnsafeTemporaryAllocation(byteCount: Self.eventSize * Self.batch, alignment: 8) { events in
            guard let base = events.baseAddress else { return [] }
            let count = Self.wait(descriptor, base, Int32(Self.batch), -1)
            return (0..<max(0, Int(count))).map {
                events.loadUnaligned(fromByteOffset: $0 * Self.eventSize + Self.dataOffset, as: Int32.self)
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Cnetfilter_conntrack
import Glibc
import SystemPackage

/// Room for datagrams of a netlink socket, which are received many at a time: the kernel makes one for each event, and a call for
/// each would cost more than all that is done with them.
final class EventDatagrams {
    /// How many are received at once.
    private static let count = 64
    /// The longest one, in bytes; an event has some 300.
    private static let length = 4096

    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count * length, alignment: 8)
    private let datagrams = UnsafeMutableBufferPointer<received_datagram>.allocate(capacity: count)
    private let parts = UnsafeMutableBufferPointer<iovec>.allocate(capacity: count)
    private let senders = UnsafeMutableBufferPointer<sockaddr_nl>.allocate(capacity: count)

    init() {
        senders.initialize(repeating: sockaddr_nl())
        for index in 0..<Self.count {
            let base = buffer.baseAddress.map { $0 + index * Self.length }
            parts.initializeElement(at: index, to: iovec(iov_base: base, iov_len: Self.length))
            var datagram = received_datagram()
            datagram.message.msg_iov = parts.baseAddress.map { $0 + index }
            datagram.message.msg_iovlen = 1
            datagram.message.msg_name = senders.baseAddress.map { UnsafeMutableRawPointer($0 + index) }
            datagrams.initializeElement(at: index, to: datagram)
        }
    }

    deinit {
        buffer.deallocate()
        datagrams.deallocate()
        parts.deallocate()
        senders.deallocate()
    }

    /// What was received.
    enum Outcome {
        case received
        /// Something is missing, because a datagram was longer than there was room for.
        case truncated
        /// Nothing, for this reason.
        case failed(Errno)
    }

    /// Receives what there is, without waiting.
    ///
    /// - Parameter body: gets each message of the kernel; other programs can send to the socket too.
    func receive(from descriptor: Int32, _ body: (UnsafePointer<nlmsghdr>) -> Void) -> Outcome {
        // The kernel overwrites the lengths with those that it has used.
        for index in datagrams.indices {
            datagrams[index].message.msg_namelen = socklen_t(MemoryLayout<sockaddr_nl>.size)
        }
        let received = receive_datagrams(descriptor, datagrams.baseAddress, UInt32(Self.count))
        guard received > 0 else { return .failed(Errno(rawValue: errno)) }
        var outcome = Outcome.received
        for index in 0..<Int(received) where senders[index].nl_pid == 0 {
            if datagrams[index].message.msg_flags & Int32(MSG_TRUNC) != 0 { outcome = .truncated }
            let start = index * Self.length
            Self.read(UnsafeRawBufferPointer(buffer)[start..<start + Int(datagrams[index].length)], body)
        }
        return outcome
    }

    /// Reads the messages of a datagram (`struct nlmsghdr`, include/uapi/linux/netlink.h).
    private static func read(_ datagram: Slice<UnsafeRawBufferPointer>, _ body: (UnsafePointer<nlmsghdr>) -> Void) {
        var rest = UnsafeRawBufferPointer(rebasing: datagram)
        while rest.count >= MemoryLayout<nlmsghdr>.size, let base = rest.baseAddress {
            let header = base.assumingMemoryBound(to: nlmsghdr.self)
            let length = Int(header.pointee.nlmsg_len)
            guard length >= MemoryLayout<nlmsghdr>.size, length <= rest.count else { return }
            body(header)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst((length + 3) & ~3))
        }
    }
}

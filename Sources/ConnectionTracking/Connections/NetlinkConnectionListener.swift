// SPDX-License-Identifier: Apache-2.0

import Cnetfilter_conntrack
import Glibc
import NetworkTypes
import SystemPackage

/// A netlink socket on which the kernel reports TCP connections as they begin, are answered and are refused.
///
/// A program in the kernel passes over all other changes of connections, of which there are several for each one, before they
/// cost anything here.
final class NetlinkConnectionListener: ConnectionListener, @unchecked Sendable {
    // Sendable: the handle and the datagrams are used by one thread at a time, as the protocol demands; `wake()` only writes to a
    // descriptor.
    private let handle: OpaquePointer
    private let waker: FileDescriptor
    private let datagrams = EventDatagrams()

    init() throws(FlowTableFailure) {
        errno = 0
        let groups = UInt32(NF_NETLINK_CONNTRACK_NEW | NF_NETLINK_CONNTRACK_UPDATE | NF_NETLINK_CONNTRACK_DESTROY)
        guard let handle = nfct_open(UInt8(CONNTRACK), groups) else {
            throw FlowTableFailure(.follow, .ipv4, Errno(rawValue: errno))
        }
        let waker = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard waker >= 0, Self.prepare(handle) else {
            let error = Errno(rawValue: errno)
            nfct_close(handle)
            if waker >= 0 { close(waker) }
            throw FlowTableFailure(.follow, .ipv4, error)
        }
        self.handle = handle
        self.waker = FileDescriptor(rawValue: waker)
    }

    deinit {
        nfct_close(handle)
        try? waker.close()
    }

    /// Room for so many bytes of events (some ten thousand), for times in which they are not read.
    private static let bufferSize: UInt32 = 16 << 20
    /// How long events are gathered before they are read.
    private static let gatheringTime: UInt32 = 50_000
    /// How many events are read at once; the rest stays in the socket.
    private static let batchLimit = 50_000

    private static func prepare(_ handle: OpaquePointer) -> Bool {
        nfnl_rcvbufsiz(nfct_nfnlh(handle), bufferSize)
        guard let filter = nfct_filter_create() else { return false }
        defer { nfct_filter_destroy(filter) }
        let tcp = TransportProtocol.tcp.number
        nfct_filter_add_attr_u32(filter, NFCT_FILTER_L4PROTO, UInt32(tcp))
        for state in [Flow.synSent, Flow.synReceived, Flow.closed] {
            var attribute = nfct_filter_proto(proto: UInt16(tcp), state: UInt16(state))
            nfct_filter_add_attr(filter, NFCT_FILTER_L4PROTO_STATE, &attribute)
        }
        let descriptor = nfct_fd(handle)
        guard nfct_filter_attach(descriptor, filter) == 0 else { return false }
        let flags = fcntl(descriptor, F_GETFL)
        return flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0
            && fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0
    }

    func receive(until deadline: ContinuousClock.Instant) throws(FlowTableFailure) -> ConnectionBatch {
        guard waitForEvents(until: deadline) else { return ConnectionBatch(since: .now) }
        var batch = ConnectionBatch(since: .now)
        usleep(Self.gatheringTime)
        while batch.events.count < Self.batchLimit {
            let outcome = datagrams.receive(from: nfct_fd(handle)) { message in
                if let event = ConnectionEvent(message) { batch.events.append(event) }
            }
            switch outcome {
            case .received, .failed(.interrupted): break
            case .truncated, .failed(.noBufferSpace): batch.isIncomplete = true
            case .failed(.wouldBlock): return batch
            case .failed(let error): throw FlowTableFailure(.follow, .ipv4, error)
            }
        }
        return batch
    }

    func wake() {
        var one: UInt64 = 1
        _ = withUnsafeBytes(of: &one) { try? waker.write($0) }
    }

    /// Whether there are events.
    private func waitForEvents(until deadline: ContinuousClock.Instant) -> Bool {
        var descriptors = [
            pollfd(fd: nfct_fd(handle), events: Int16(POLLIN), revents: 0),
            pollfd(fd: waker.rawValue, events: Int16(POLLIN), revents: 0),
        ]
        let remaining = max(.zero, ContinuousClock.now.duration(to: deadline))
        // Rounded up, so that at the deadline nothing is awaited in a circle.
        let milliseconds = min(remaining / .milliseconds(1), Double(Int32.max - 1)).rounded(.up)
        guard poll(&descriptors, nfds_t(descriptors.count), Int32(milliseconds)) > 0 else { return false }
        if descriptors[1].revents != 0 {
            var count: UInt64 = 0
            _ = withUnsafeMutableBytes(of: &count) { try? waker.read(into: $0) }
        }
        return descriptors[0].revents != 0
    }
}

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
    // Sendable: the handle and the gathered events are used by one thread at a time, as the protocol demands; `wake()` only
    // writes to a descriptor.
    private let handle: OpaquePointer
    private let waker: FileDescriptor
    private var events: [ConnectionEvent] = []

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
        nfct_callback_register2(
            handle, NFCT_T_ALL,
            { _, kind, object, context in
                guard let object, let context else { return Int32(NFCT_CB_CONTINUE) }
                let listener = Unmanaged<NetlinkConnectionListener>.fromOpaque(context).takeUnretainedValue()
                return listener.take(kind, object)
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        nfct_close(handle)
        try? waker.close()
    }

    /// Room for so many bytes of events (some ten thousand), for times in which they are not read.
    private static let bufferSize: UInt32 = 16 << 20
    /// How long events are gathered before they are read.
    private static let gatheringTime: UInt32 = 20_000
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
        guard waitForEvents(until: deadline) else { return ConnectionBatch() }
        usleep(Self.gatheringTime)
        var batch = ConnectionBatch()
        while true {
            errno = 0
            guard nfct_catch(handle) < 0 else { break }
            let error = Errno(rawValue: errno)
            switch error {
            case .noBufferSpace: batch.isIncomplete = true
            case .interrupted: continue
            case .wouldBlock: return take(into: batch)
            default: throw FlowTableFailure(.follow, .ipv4, error)
            }
        }
        return take(into: batch)
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

    private func take(into batch: ConnectionBatch) -> ConnectionBatch {
        var batch = batch
        batch.events = events
        events.removeAll(keepingCapacity: events.count < Self.batchLimit)
        return batch
    }

    private func take(_ kind: nf_conntrack_msg_type, _ object: FlowObject) -> Int32 {
        if let event = Self.event(kind, object) { events.append(event) }
        return Int32(events.count < Self.batchLimit ? NFCT_CB_CONTINUE : NFCT_CB_STOP)
    }

    private static func event(_ kind: nf_conntrack_msg_type, _ object: FlowObject) -> ConnectionEvent? {
        let number = nfct_get_attr_u8(object, ATTR_L3PROTO)
        guard let family = IPFamily.allCases.first(where: { $0.number == number }),
            nfct_get_attr_u8(object, ATTR_L4PROTO) == TransportProtocol.tcp.number, matters(kind, object),
            let flow = Flow(object, family, .tcp)
        else { return nil }
        switch kind {
        case NFCT_T_NEW: return .began(flow)
        case NFCT_T_UPDATE: return .answered(flow)
        default: return Flow.isRefusedConnection(object) ? .refused(flow) : .deleted(flow)
        }
    }

    /// Whether a change makes a difference: a mark that a connection gets does not, nor the end of one that was answered.
    private static func matters(_ kind: nf_conntrack_msg_type, _ object: FlowObject) -> Bool {
        switch kind {
        case NFCT_T_NEW: return Flow.isUnansweredConnection(object)
        case NFCT_T_UPDATE: return Flow.hasReply(object)
        case NFCT_T_DESTROY: return !Flow.hasReply(object)
        default: return false
        }
    }
}

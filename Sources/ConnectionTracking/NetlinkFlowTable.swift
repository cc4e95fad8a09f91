// SPDX-License-Identifier: Apache-2.0

import Cnetfilter_conntrack
import Glibc
import NetworkTypes
import SystemPackage

/// The flows that the kernel tracks in the network namespace of the calling thread, through libnetfilter_conntrack.
///
/// Each call has sockets of its own: a listing that ended early leaves messages in its socket, and a namespace belongs to
/// the socket from the moment it is opened.
package struct NetlinkFlowTable: FlowTable {
    package init() {}

    /// The kernel picks the family; to pick the protocol too (`CTA_FILTER`) takes a newer library than Debian 12 has.
    package func visitFlows(
        _ family: IPFamily, _ kinds: Set<FlowKind>, _ body: (Flow) -> Void
    ) throws(FlowTableFailure) -> FlowListing {
        let socket = try FlowSocket(family)
        let failure = withoutActuallyEscaping(body) { body in
            socket.list(FlowVisit(family, kinds, body))
        }
        switch failure {
        case nil: return .complete
        case .interrupted: return .interrupted
        case .some(let error): throw FlowTableFailure(.list, family, error)
        }
    }

    package func delete(_ flows: [Flow], _ family: IPFamily) throws(FlowTableFailure) -> FlowDeletion {
        var socket = try FlowSocket(family)
        var result = FlowDeletion()
        for flow in flows {
            var answer = socket.delete(flow)
            // A signal came first. The answer is still to come, and in the same socket it would be the next flow's.
            while answer == .interrupted {
                socket = try FlowSocket(family)
                answer = socket.delete(flow)
            }
            switch answer {
            case nil:
                result.deleted += 1
            case .noSuchFileOrDirectory:
                result.notFound.append(flow)
            case .some(let error):
                result.refused += 1
                result.firstRefusal = result.firstRefusal ?? FlowTableFailure(.delete(flow), family, error)
            }
        }
        return result
    }
}

/// What a listing calls for each flow.
private final class FlowVisit {
    private let family: IPFamily
    private let transports: [TransportProtocol]
    private let wantsUnanswered: Bool
    private let body: (Flow) -> Void
    /// Whether the kernel reported that the table was rebuilt meanwhile.
    private(set) var wasInterrupted = false

    init(_ family: IPFamily, _ kinds: Set<FlowKind>, _ body: @escaping (Flow) -> Void) {
        self.family = family
        transports = TransportProtocol.allCases.filter { kinds.contains(.all($0)) }
        wantsUnanswered = kinds.contains(.unansweredConnections)
        self.body = body
    }

    func visit(_ header: nlmsghdr, _ object: FlowObject) {
        if header.nlmsg_flags & UInt16(NLM_F_DUMP_INTR) != 0 { wasInterrupted = true }
        // Most flows are established TCP connections: they are passed over before anything is copied.
        guard let transport = transport(of: object), let flow = Flow(object, family, transport) else { return }
        body(flow)
    }

    /// The flow's protocol; `nil` if nobody asked for the flow.
    private func transport(of object: FlowObject) -> TransportProtocol? {
        let number = nfct_get_attr_u8(object, ATTR_L4PROTO)
        for transport in transports where transport.number == number { return transport }
        let isWanted =
            wantsUnanswered && number == TransportProtocol.tcp.number
            && Flow.isUnansweredConnection(object)
        return isWanted ? .tcp : nil
    }
}

/// A netlink socket for flows.
private final class FlowSocket {
    private let handle: OpaquePointer
    private let family: IPFamily

    init(_ family: IPFamily) throws(FlowTableFailure) {
        self.family = family
        errno = 0
        guard let handle = nfct_open(UInt8(CONNTRACK), 0) else {
            throw FlowTableFailure(.open, family, Errno(rawValue: errno))
        }
        self.handle = handle
    }

    deinit { nfct_close(handle) }

    /// Lists all flows of the family; gives back the error, `EINTR` also if the table was rebuilt meanwhile.
    func list(_ visit: FlowVisit) -> Errno? {
        nfct_callback_register2(
            handle, NFCT_T_ALL,
            { header, _, object, context in
                guard let header, let object, let context else { return Int32(NFCT_CB_CONTINUE) }
                Unmanaged<FlowVisit>.fromOpaque(context).takeUnretainedValue().visit(header.pointee, object)
                return Int32(NFCT_CB_CONTINUE)
            }, Unmanaged.passUnretained(visit).toOpaque())
        defer { nfct_callback_unregister2(handle) }
        var number = UInt32(family.number)
        errno = 0
        guard nfct_query(handle, NFCT_Q_DUMP, &number) == 0 else { return Errno(rawValue: errno) }
        return withExtendedLifetime(visit) { visit.wasInterrupted ? .interrupted : nil }
    }

    /// Deletes a flow; gives back the error, `ENOENT` if the flow is gone.
    ///
    /// `nfct_query` would delete whatever flow has the addresses by now, which may be a new and valid one. So the message
    /// is made here, with the number of the entry, by which the kernel distinguishes them (`CTA_ID`).
    func delete(_ flow: Flow) -> Errno? {
        guard let object = nfct_new() else { return .noMemory }
        defer { nfct_destroy(object) }
        flow.writeKey(to: object)
        return withUnsafeTemporaryAllocation(byteCount: Self.messageCapacity, alignment: 8) { buffer -> Errno? in
            guard let base = buffer.baseAddress else { return .noMemory }
            buffer.initializeMemory(as: UInt8.self, repeating: 0)
            let header = base.bindMemory(to: nlmsghdr.self, capacity: 1)
            header.pointee.nlmsg_type = Self.deleteMessage
            header.pointee.nlmsg_flags = UInt16(NLM_F_REQUEST | NLM_F_ACK)
            let start = MemoryLayout<nlmsghdr>.size
            base.storeBytes(
                of: nfgenmsg(nfgen_family: family.number, version: UInt8(NFNETLINK_V0), res_id: 0),
                toByteOffset: start, as: nfgenmsg.self)
            header.pointee.nlmsg_len = UInt32(start + MemoryLayout<nfgenmsg>.size)
            guard nfct_nlmsg_build(header, object) == 0 else { return Errno(rawValue: errno) }
            Self.appendIdentifier(flow.identifier, to: header)

            errno = 0
            return nfnl_query(nfct_nfnlh(handle), header) < 0 ? Errno(rawValue: errno) : nil
        }
    }

    /// More than an address, a port, a zone and an identifier take (about 130 bytes with IPv6).
    private static let messageCapacity = 1024
    private static let deleteMessage =
        UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(IPCTNL_MSG_CT_DELETE.rawValue)

    private static func appendIdentifier(_ identifier: UInt32, to header: UnsafeMutablePointer<nlmsghdr>) {
        let message = UnsafeMutableRawPointer(header)
        let end = Int(header.pointee.nlmsg_len + 3) & ~3
        let length = MemoryLayout<nlattr>.size + MemoryLayout<UInt32>.size
        message.storeBytes(
            of: nlattr(nla_len: UInt16(length), nla_type: UInt16(CTA_ID.rawValue)), toByteOffset: end, as: nlattr.self)
        message.storeBytes(
            of: identifier.bigEndian, toByteOffset: end + MemoryLayout<nlattr>.size, as: UInt32.self)
        header.pointee.nlmsg_len = UInt32(end + length)
    }
}

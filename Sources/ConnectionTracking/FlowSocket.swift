// SPDX-License-Identifier: Apache-2.0

import Cnetfilter_conntrack
import Glibc
import NetworkTypes
import SystemPackage

/// A netlink socket for flows.
final class FlowSocket {
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

    /// What a TCP connection waits for now: it is the same one only if the kernel has the same number for it.
    ///
    /// - Returns: the error, if it is another one than that the flow is not found.
    func phase(of flow: Flow) -> Result<ConnectionPhase, Errno> {
        guard let object = nfct_new() else { return .failure(.noMemory) }
        defer { nfct_destroy(object) }
        flow.writeKey(to: object)
        let answer = FlowAnswer()
        nfct_callback_register2(
            handle, NFCT_T_ALL,
            { _, _, object, context in
                guard let object, let context else { return Int32(NFCT_CB_CONTINUE) }
                Unmanaged<FlowAnswer>.fromOpaque(context).takeUnretainedValue().read(object)
                return Int32(NFCT_CB_CONTINUE)
            }, Unmanaged.passUnretained(answer).toOpaque())
        defer { nfct_callback_unregister2(handle) }
        errno = 0
        guard nfct_query(handle, NFCT_Q_GET, UnsafeRawPointer(object)) == 0 else {
            let error = Errno(rawValue: errno)
            return error == .noSuchFileOrDirectory ? .success(.gone) : .failure(error)
        }
        return withExtendedLifetime(answer) {
            guard answer.identifier == flow.identifier else { return .success(.gone) }
            return .success(answer.isUnanswered ? .unanswered : .answered)
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

/// What the kernel answers about one flow.
private final class FlowAnswer {
    private(set) var identifier: UInt32?
    private(set) var isUnanswered = false

    func read(_ object: FlowObject) {
        identifier = nfct_get_attr_u32(object, ATTR_ID)
        isUnanswered = Flow.isUnansweredConnection(object)
    }
}

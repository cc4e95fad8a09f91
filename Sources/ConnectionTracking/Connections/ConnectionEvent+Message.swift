// SPDX-License-Identifier: Apache-2.0

import Cnetfilter_conntrack
import Glibc
import NetworkTypes

extension ConnectionEvent {
    /// Reads a message of the kernel about a change; `nil` if it makes no difference for those who wait for an answer.
    init?(_ header: UnsafePointer<nlmsghdr>) {
        guard let change = Change(header.pointee), let object = nfct_new() else { return nil }
        defer { nfct_destroy(object) }
        guard nfct_nlmsg_parse(header, object) >= 0, change.matters(object),
            nfct_get_attr_u8(object, ATTR_L4PROTO) == TransportProtocol.tcp.number,
            let family = IPFamily(number: nfct_get_attr_u8(object, ATTR_L3PROTO)),
            let flow = Flow(object, family, .tcp)
        else { return nil }
        switch change {
        case .new: self = .began(flow)
        case .update: self = .answered(flow)
        case .end: self = Flow.isRefusedConnection(object) ? .refused(flow) : .deleted(flow)
        }
    }

    /// What happened to a flow (`enum cntl_msg_types`, include/uapi/linux/netfilter/nfnetlink_conntrack.h).
    private enum Change {
        case new
        case update
        case end

        /// Reads the kind of a message; `nil` for one that is about no flow, such as an error.
        init?(_ header: nlmsghdr) {
            guard Int(header.nlmsg_type >> 8) == Int(NFNL_SUBSYS_CTNETLINK) else { return nil }
            switch UInt32(header.nlmsg_type & 0xff) {
            case IPCTNL_MSG_CT_NEW.rawValue:
                self = header.nlmsg_flags & UInt16(NLM_F_CREATE | NLM_F_EXCL) != 0 ? .new : .update
            case IPCTNL_MSG_CT_DELETE.rawValue: self = .end
            default: return nil
            }
        }

        /// Whether it makes a difference: a mark that a connection gets does not, nor the end of one that was answered.
        func matters(_ object: FlowObject) -> Bool {
            switch self {
            case .new: Flow.isUnansweredConnection(object)
            case .update: Flow.hasReply(object)
            case .end: !Flow.hasReply(object)
            }
        }
    }
}

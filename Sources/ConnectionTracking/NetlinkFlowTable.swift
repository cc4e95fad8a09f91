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
final class FlowVisit {
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

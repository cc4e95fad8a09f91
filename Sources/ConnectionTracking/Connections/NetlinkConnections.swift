// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import SystemPackage

/// The kernel's connections, in the network namespace of the calling thread, through libnetfilter_conntrack.
package struct NetlinkConnections: ConnectionSource {
    package init() {}

    package func listen() throws(FlowTableFailure) -> any ConnectionListener {
        guard Self.reportsEvents else { throw FlowTableFailure(.follow, .ipv4, .notSupported) }
        return try NetlinkConnectionListener()
    }

    package func unanswered(_ family: IPFamily) throws(FlowTableFailure) -> [Flow] {
        var flows: [Flow] = []
        _ = try NetlinkFlowTable().visitFlows(family, [.unansweredConnections]) { flows.append($0) }
        return flows
    }

    package func check(
        _ connections: [ConnectionCheck], _ family: IPFamily
    ) throws(FlowTableFailure) -> [ConnectionOutcome] {
        var socket = try FlowSocket(family)
        var outcomes: [ConnectionOutcome] = []
        for connection in connections {
            var outcome = Self.check(connection, family, socket)
            // A signal came first. The answer is still to come, and in the same socket it would be the next flow's.
            while case .refused(let failure) = outcome, failure.error == .interrupted {
                socket = try FlowSocket(family)
                outcome = Self.check(connection, family, socket)
            }
            outcomes.append(outcome)
        }
        return outcomes
    }

    private static func check(
        _ connection: ConnectionCheck, _ family: IPFamily, _ socket: FlowSocket
    ) -> ConnectionOutcome {
        let flow = connection.flow
        switch socket.phase(of: flow) {
        case .failure(let error): return .refused(FlowTableFailure(.check(flow), family, error))
        case .success(.unanswered) where connection.deletesUnanswered: break
        case .success(let phase): return .found(phase)
        }
        switch socket.delete(flow) {
        case nil: return .deleted
        case .noSuchFileOrDirectory: return .found(.gone)
        case .some(let error): return .refused(FlowTableFailure(.delete(flow), family, error))
        }
    }

    /// Whether the kernel reports connections in this network namespace (`net.netfilter.nf_conntrack_events`).
    ///
    /// 1 is for always, 2 for as long as a program listens. A kernel that does not have the parameter yet gets it with the first
    /// listener.
    private static var reportsEvents: Bool {
        guard let file = try? FileDescriptor.open(eventsPath, .readOnly) else { return true }
        defer { try? file.close() }
        return withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { byte in
            (try? file.read(into: byte)) != 1 || byte[0] != UInt8(ascii: "0")
        }
    }

    private static let eventsPath: FilePath = "/proc/sys/net/netfilter/nf_conntrack_events"
}

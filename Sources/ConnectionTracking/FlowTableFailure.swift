// SPDX-License-Identifier: Apache-2.0

import Host
import NetworkTypes
import SystemPackage

/// What the kernel, or libnetfilter_conntrack, answered when it would not list or delete flows.
package struct FlowTableFailure: Error, Hashable, Sendable {
    package enum Operation: Hashable, Sendable {
        /// Opening the netlink socket.
        case open
        /// Listing the flows.
        case list
        /// Deleting a flow.
        case delete(Flow)
        /// Reading what became of a flow.
        case check(Flow)
        /// Following connections as they begin, of both families.
        case follow
    }

    package let operation: Operation
    package let family: IPFamily
    /// What the kernel answered.
    package let error: Errno

    package init(_ operation: Operation, _ family: IPFamily, _ error: Errno) {
        self.operation = operation
        self.family = family
        self.error = error
    }
}

extension FlowTableFailure: CustomStringConvertible {
    /// One line: what was tried, what the kernel answered, and what to do.
    package var description: String {
        let what =
            switch operation {
            case .open: "opening a netlink socket for \(family.kubernetesName) flows"
            case .list: "listing \(family.kubernetesName) flows"
            case .delete(let flow): "deleting the flow \(flow)"
            case .check(let flow): "checking the flow \(flow)"
            case .follow: "following connections"
            }
        return "\(what): \(error.text)\(advice.map { "; \($0)" } ?? "")"
    }

    private var advice: String? {
        switch error {
        case .notPermitted, .permissionDenied:
            return "run as root, or with the capability CAP_NET_ADMIN"
        case .notSupported where operation == .follow:
            return "the kernel does not report connections: set net.netfilter.nf_conntrack_events to 2"
        // A kernel without the subsystem knows neither the protocol nor, if other modules use nfnetlink, the message.
        case .protocolNotSupported, .addressFamilyNotSupported, .notSupportedOnSocket:
            return Self.missingModule
        case .invalidArgument where operation == .list:
            return Self.missingModule
        case .noBufferSpace, .noMemory:
            return "the kernel or this control group is short of memory"
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem:
            return "too many files are open: raise the limit"
        case .noSuchFileOrDirectory:
            return "the kernel lists it all the same; delete it with conntrack -D"
        default:
            return nil
        }
    }

    private static let missingModule = "the kernel lacks the module nf_conntrack_netlink: modprobe nf_conntrack_netlink"
}

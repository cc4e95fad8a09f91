import Glibc
import NetworkTypes

/// What the kernel, or libnetfilter_conntrack, answered when it would not list or delete flows.
public struct FlowTableFailure: Error, Hashable, Sendable {
    /// What was tried.
    public enum Operation: Hashable, Sendable {
        /// Opening the netlink socket.
        case open
        /// Listing the flows.
        case list
        /// Deleting a flow.
        case delete(Flow)
    }

    /// What was tried.
    public let operation: Operation
    /// The family.
    public let family: IPFamily
    /// The error number of errno.h.
    public let errorNumber: Int32

    /// Makes a failure.
    public init(_ operation: Operation, _ family: IPFamily, errorNumber: Int32) {
        self.operation = operation
        self.family = family
        self.errorNumber = errorNumber
    }
}

extension FlowTableFailure: CustomStringConvertible {
    /// One line: what was tried, what the kernel said, and what to do.
    public var description: String {
        let what =
            switch operation {
            case .open: "opening a netlink socket for \(family.kubernetesName) flows"
            case .list: "listing \(family.kubernetesName) flows"
            case .delete(let flow): "deleting the flow \(flow)"
            }
        return "\(what): \(systemText)\(advice.map { "; \($0)" } ?? "")"
    }

    private var systemText: String {
        let text = strerror(errorNumber).map { String(cString: $0) } ?? "unknown error"
        return "\(text) (\(Self.names[errorNumber] ?? "errno \(errorNumber)"))"
    }

    private static let names: [Int32: String] = [
        EPERM: "EPERM", EACCES: "EACCES", EINVAL: "EINVAL", EBUSY: "EBUSY", ENOBUFS: "ENOBUFS", ENOMEM: "ENOMEM",
        EMFILE: "EMFILE", ENFILE: "ENFILE", EPROTONOSUPPORT: "EPROTONOSUPPORT", EAFNOSUPPORT: "EAFNOSUPPORT",
        EOPNOTSUPP: "EOPNOTSUPP",
    ]

    private var advice: String? {
        switch errorNumber {
        case EPERM, EACCES:
            return "run as root, or with the capability CAP_NET_ADMIN"
        // A kernel without the subsystem knows neither the protocol nor, if others use nfnetlink, the message.
        case EPROTONOSUPPORT, EAFNOSUPPORT, EOPNOTSUPP:
            return Self.missingModule
        case EINVAL where operation == .list:
            return Self.missingModule
        case ENOBUFS, ENOMEM:
            return "the kernel or this control group is short of memory"
        case EMFILE, ENFILE:
            return "too many files are open: raise the limit"
        default:
            return nil
        }
    }

    private static let missingModule = "the kernel lacks the module nf_conntrack_netlink: modprobe nf_conntrack_netlink"
}

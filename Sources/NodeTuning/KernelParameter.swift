// SPDX-License-Identifier: Apache-2.0

/// A number that the kernel lets programs set by a file.
package enum KernelParameter: Sendable, Hashable, CaseIterable {
    /// How many connections are tracked at most. One for the whole machine.
    case connectionLimit
    /// How many buckets the table of connections has. One for the whole machine.
    case hashSize
    /// How many seconds an idle TCP connection stays tracked.
    case tcpEstablishedTimeout
    /// How many seconds a half-closed TCP connection stays tracked.
    case tcpCloseWaitTimeout
    /// 1 if packets outside of the TCP window are let through.
    case tcpBeLiberal
    /// How many seconds a UDP flow without an answer stays tracked.
    case udpTimeout
    /// How many seconds a UDP flow with answers stays tracked.
    case udpStreamTimeout
    /// 1 if IPv4 loopback addresses may be routed, for node ports on them.
    case routeLocalnet
    /// How early this process is ended when memory is short, -1000 to 1000. One for each process.
    case outOfMemoryScore

    /// The file, below the root directory.
    var path: String {
        switch self {
        case .connectionLimit: "proc/sys/net/netfilter/nf_conntrack_max"
        case .hashSize: "sys/module/nf_conntrack/parameters/hashsize"
        case .tcpEstablishedTimeout: "proc/sys/net/netfilter/nf_conntrack_tcp_timeout_established"
        case .tcpCloseWaitTimeout: "proc/sys/net/netfilter/nf_conntrack_tcp_timeout_close_wait"
        case .tcpBeLiberal: "proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal"
        case .udpTimeout: "proc/sys/net/netfilter/nf_conntrack_udp_timeout"
        case .udpStreamTimeout: "proc/sys/net/netfilter/nf_conntrack_udp_timeout_stream"
        case .routeLocalnet: "proc/sys/net/ipv4/conf/all/route_localnet"
        case .outOfMemoryScore: "proc/self/oom_score_adj"
        }
    }

    /// Whether network namespaces share one value, which only the machine's first one may set.
    var isShared: Bool {
        switch self {
        case .connectionLimit, .hashSize: true
        default: false
        }
    }

    /// The part of the kernel that brings the parameter.
    var provider: String {
        switch self {
        case .routeLocalnet: "IPv4"
        case .outOfMemoryScore: "proc(5)"
        default: "the module nf_conntrack"
        }
    }
}

extension KernelParameter: CustomStringConvertible {
    /// The name that sysctl(8) has for it, else its file.
    package var description: String {
        let prefix = "proc/sys/"
        guard path.hasPrefix(prefix) else { return "/" + path }
        return String(path.dropFirst(prefix.count).map { $0 == "/" ? "." : $0 })
    }
}

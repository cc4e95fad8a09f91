// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes

/// A match of the kernel's iptables, by name and revision.
struct KernelMatch {
    let name: StaticString
    let revision: UInt8

    static let bpf = KernelMatch(name: "bpf", revision: 1)
    static let cluster = KernelMatch(name: "cluster", revision: 0)

    /// The length of the name in the question, its NUL included (`XT_EXTENSION_MAXNAMELEN`).
    private static let nameLength = 29
    /// `IPT_SO_GET_REVISION_MATCH`, linux/netfilter_ipv4/ip_tables.h.
    private static let revisionOption: Int32 = 66

    /// Whether the kernel has it, or a module that it can load; `nil` if the kernel does not say, for want of a right.
    ///
    /// Matches are looked up for both families alike, so IPv4 is asked (`struct xt_get_revision`).
    var isAvailable: Bool? {
        let descriptor = socket(AF_INET, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), Int32(IPPROTO_RAW))
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var question = [UInt8](repeating: 0, count: Self.nameLength + 1)
        for index in 0..<min(name.utf8CodeUnitCount, Self.nameLength - 1) { question[index] = name.utf8Start[index] }
        question[Self.nameLength] = revision
        var length = socklen_t(question.count)
        if getsockopt(descriptor, Int32(IPPROTO_IP), Self.revisionOption, &question, &length) == 0 { return true }
        switch errno {
        case ENOENT, EPROTONOSUPPORT: return false
        default: return nil
        }
    }
}

extension LinuxHost {
    package var comparesAddresses: Bool { KernelMatch.bpf.isAvailable ?? true }

    package var hashesClients: Set<IPFamily> {
        Set(
            IPFamily.allCases.filter { family in
                let match: KernelMatch =
                    switch family {
                    case .ipv4: .cluster
                    // Of an IPv6 address the match cluster hashes the first bytes only.
                    case .ipv6: .bpf
                    }
                return match.isAvailable ?? true
            })
    }
}

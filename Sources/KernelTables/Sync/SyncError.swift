// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host
import NetworkTypes
import SystemPackage
import XTables

/// Why the kernel does not hold what is desired.
///
/// In every case each table holds what it held before or, if it was committed already, what is desired.
public enum SyncError: Error, Hashable, Sendable {
    /// The lock was not free in time, or cannot be used.
    case lock(XTablesLock.Failure)
    /// A rule cannot be put into the kernel's form; nothing was tried.
    case unencodable(UnencodableRule, Table, IPFamily)
    /// The kernel has no legacy tables of this family.
    case noLegacyTables(KernelFailure)
    /// The process may not change tables.
    case notPermitted(KernelFailure)
    /// The kernel has no memory for the table.
    case outOfMemory(KernelFailure)
    /// Another process changes the tables without the lock, again and again.
    case changedMeanwhile(KernelFailure, attempts: Int)
    /// The program is to end; nothing was committed.
    case stopped
    /// The kernel refuses the rules; leaving out what can be left out did not help.
    case refused(KernelFailure, extensions: [String])

    /// Sorts what the kernel answered.
    init(_ failure: KernelFailure, extensions: [String] = []) {
        switch failure.errorNumber {
        case EPERM, EACCES: self = .notPermitted(failure)
        case ENOMEM: self = .outOfMemory(failure)
        case EAGAIN: self = .changedMeanwhile(failure, attempts: 1)
        case ENOENT, ENOPROTOOPT, EAFNOSUPPORT, EPROTONOSUPPORT:
            self =
                failure.operation == .open ? .noLegacyTables(failure) : .refused(failure, extensions: extensions)
        default:
            self = .refused(failure, extensions: failure.mayMeanMissingFeature ? extensions : [])
        }
    }
}

extension SyncError: CustomStringConvertible {
    /// One line: what was being done, what the kernel said, and what to do.
    public var description: String {
        switch self {
        case .lock(.busy(let path, let waited, let holder)):
            "the lock \(path) was not free within \(waited.secondsText); \(holder ?? "another program") holds it: "
                + "try again, or wait longer"
        case .lock(.notRegularFile(let path)):
            "the lock \(path) cannot be used: it is not a regular file; \(Self.remedyForOtherFile)"
        case .lock(.stopped), .stopped:
            "the program ends; nothing was committed"
        case .lock(.unusable(let path, let number)):
            "the lock \(path) cannot be used: \(Errno(rawValue: number).text); \(Self.remedy(lockError: number))"
        case .unencodable(let rule, let table, let family):
            "\(family.kubernetesName) table \(table.rawValue), \(rule)"
        case .noLegacyTables(let failure):
            "\(failure); this kernel has no legacy iptables for \(failure.family.kubernetesName): load the modules "
                + "\(failure.moduleNames), or use a kernel with CONFIG_NETFILTER_XTABLES_LEGACY"
        case .notPermitted(let failure):
            "\(failure); run as root, or with the capabilities CAP_NET_ADMIN and CAP_NET_RAW"
        case .outOfMemory(let failure):
            "\(failure); the kernel keeps the old rules of this table: free memory, or raise the limit of this control group"
        case .changedMeanwhile(let failure, let attempts):
            "\(failure); another program changed the table without the lock \(attempts) times in a row: "
                + "find it (it must use iptables -w), then try again"
        case .refused(let failure, let extensions):
            failure.operation == .open
                ? "\(failure)"
                : "\(failure); the kernel keeps the old rules of this table"
                    + (extensions.isEmpty
                        ? "; see the kernel's log (dmesg)"
                        : "; it may lack one of these extensions: \(extensions.joined(separator: ", ")); see dmesg")
        }
    }
}

extension SyncError {
    /// What makes a lock usable that cannot be opened.
    private static func remedy(lockError number: Int32) -> String {
        switch number {
        case EACCES, EPERM: "run as root, or let a group of this user read it (chgrp, chmod 640)"
        case EROFS: "it is not there, and the file system is read-only: mount the node's own there as a file"
        case EISDIR: "it must be a file (hostPath of type FileOrCreate)"
        default: remedyForOtherFile
        }
    }

    private static var remedyForOtherFile: String {
        "name the file that the other programs of this node use, usually \(XTablesLock.defaultPath)"
    }
}

extension KernelFailure {
    /// Whether the kernel answers so to rules that use a match or target it does not have, or with options it does not
    /// know: `xt_request_find_match`, and the `checkentry` functions of net/netfilter.
    var mayMeanMissingFeature: Bool {
        operation == .commit
            && [ENOENT, EINVAL, EOPNOTSUPP, EPROTONOSUPPORT, EPROTO, ENOSYS].contains(errorNumber)
    }

    /// The kernel modules of the table.
    fileprivate var moduleNames: String {
        switch family {
        case .ipv4: "ip_tables and iptable_\(table.rawValue)"
        case .ipv6: "ip6_tables and ip6table_\(table.rawValue)"
        }
    }
}

extension Duration {
    /// The duration in seconds with three decimals.
    var secondsText: String {
        let milliseconds = components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
        let fraction = String(milliseconds % 1000)
        return "\(milliseconds / 1000).\(String(repeating: "0", count: max(0, 3 - fraction.count)))\(fraction) s"
    }
}

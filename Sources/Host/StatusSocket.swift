// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The Unix socket on which a running program answers the commands of its node.
package enum StatusSocket {
    /// The path of the program that keeps the rules of the machine.
    package static let path = "/run/kubetables/kubetables.sock"

    /// The path for the network namespace of the calling thread.
    ///
    /// It is ``path`` in the namespace of process 1, which is that of the machine or, in a container, of the container.
    /// Other namespaces have tables of their own and share the directory, so each has its number in the name; so has one of
    /// which it cannot be read whether it is that of process 1.
    package static var defaultPath: String {
        guard let own = NetworkNamespaceNumber.ofThisThread, own != NetworkNamespaceNumber.ofFirstProcess else {
            return path
        }
        return "/run/kubetables/\(own).sock"
    }

    /// Where a command finds the program of its network namespace.
    ///
    /// Who may not read the namespace of process 1, as most users may not, does not know which of the two names it is.
    package static var reachablePath: String {
        let own = defaultPath
        guard NetworkNamespaceNumber.ofFirstProcess == nil, access(own, F_OK) != 0 else { return own }
        return path
    }
}

/// The number of a network namespace: its inode.
enum NetworkNamespaceNumber {
    static var ofThisThread: UInt64? { number("/proc/thread-self/ns/net") }
    static var ofFirstProcess: UInt64? { number("/proc/1/ns/net") }

    private static func number(_ path: String) -> UInt64? {
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
    }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The Unix socket on which a running program answers the commands of its node.
package enum StatusSocket {
    /// The path of the program that keeps the rules of the machine.
    package static let path = "/run/kubetables/kubetables.sock"

    /// The path for the network namespace of the calling thread.
    ///
    /// It is ``path`` in the namespace of process 1, which is that of the machine or, in a container, of the container.
    /// Other namespaces have tables of their own and share the directory, so each has its number in the name. Where it is
    /// not permitted to read that of process 1, there are no others.
    package static var defaultPath: String {
        guard let own = NetworkNamespaceNumber.ofThisThread, let first = NetworkNamespaceNumber.ofFirstProcess,
            own != first
        else { return path }
        return "/run/kubetables/\(own).sock"
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

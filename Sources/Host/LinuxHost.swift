// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes

/// The machine this process runs on.
package struct LinuxHost: Host {
    /// The directory that proc and sys are mounted in.
    let root: String
    /// Ends the wait for another program.
    let stop: StopRequest?

    /// - Parameters:
    ///   - root: the directory that proc and sys are mounted in; another one than `/` imitates a machine's files.
    ///   - stop: ends the wait for another program.
    package init(root: String = "/", stop: StopRequest? = nil) {
        self.root = root.hasSuffix("/") ? root : root + "/"
        self.stop = stop
    }

    package var hostname: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: bytes, as: UTF8.self).lowercased()
    }

    package var interfaceAddresses: [IPAddress] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0, let first = list else { return [] }
        defer { freeifaddrs(first) }
        return sequence(first: first) { $0.pointee.ifa_next }.compactMap { IPAddress($0.pointee.ifa_addr) }
    }

    package var conntrackIsLiberal: Bool {
        let text = try? KernelFile(path: root + "proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal").text()
        return text.map { !$0.isEmpty && !$0.hasPrefix("0") } ?? false
    }
}

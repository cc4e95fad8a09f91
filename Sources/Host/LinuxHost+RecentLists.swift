// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The kernel's lists of recent source addresses (xt_recent), which session affinity is made of.
extension LinuxHost {
    /// What a list holds if the module's parameter cannot be read (net/netfilter/xt_recent.c).
    static let standardRecentListCapacity = 100

    package var recentListCapacity: Int {
        let text = try? KernelFile(path: root + "sys/module/xt_recent/parameters/ip_list_tot").text()
        return text.flatMap { Int($0.filter { !$0.isWhitespace }) } ?? Self.standardRecentListCapacity
    }

    package var fullRecentLists: [String] {
        let directory = root + "proc/thread-self/net/xt_recent"
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        let capacity = recentListCapacity
        var full: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard !name.hasPrefix("."), let count = recentListCount("\(directory)/\(name)"), count >= capacity else {
                continue
            }
            full.append(name)
        }
        return full.sorted()
    }

    /// How many addresses a list holds now: it has a line for each; `nil` if it cannot be read.
    private func recentListCount(_ path: String) -> Int? {
        guard let text = try? KernelFile(path: path).text() else { return nil }
        return text.utf8.count { $0 == UInt8(ascii: "\n") }
    }
}

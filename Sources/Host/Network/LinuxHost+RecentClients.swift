// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import SystemPackage

extension LinuxHost {
    /// How many seconds ago each client of a list of xt_recent was entered last.
    ///
    /// - Parameter list: the name of the list.
    /// - Returns: no client if there is no such list; `nil` if it cannot be read.
    package func recentClients(_ list: String) -> [IPAddress: UInt32]? {
        guard !list.contains("/") else { return nil }
        let directory = root + "proc/thread-self/net/xt_recent"
        do throws(Errno) {
            return Self.recentClients(in: try KernelFile(path: "\(directory)/\(list)").text(), .now)
        } catch {
            // Without the directory, the module is not loaded, and no rule has made a list.
            return error == .noSuchFileOrDirectory ? [:] : nil
        }
    }

    /// Reads lines such as `src=10.0.0.9 ttl: 64 last_seen: 4302813877 oldest_pkt: 1 4302813877` (recent_seq_show).
    static func recentClients(in text: String, _ time: KernelTicks) -> [IPAddress: UInt32] {
        var clients: [IPAddress: UInt32] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard let source = words.first, source.hasPrefix("src="), let address = IPAddress(source.dropFirst(4)),
                let label = words.firstIndex(of: "last_seen:"), label + 1 < words.count,
                let ticks = UInt64(words[label + 1])
            else { continue }
            clients[address] = time.seconds(since: ticks)
        }
        return clients
    }
}

/// The kernel's own time, `jiffies`.
struct KernelTicks: Hashable, Sendable {
    /// The ticks until now.
    let now: UInt64
    /// The ticks in a second (`HZ`).
    let frequency: UInt64

    /// The whole seconds that have passed; none for a time that is not over yet.
    func seconds(since ticks: UInt64) -> UInt32 {
        now < ticks ? 0 : UInt32(clamping: (now - ticks) / max(1, frequency))
    }

    /// The ticks now, within about a second.
    ///
    /// They begin five minutes before the number gets more than 32 bits (`INITIAL_JIFFIES`), follow the monotonic clock, and
    /// last as long as the coarse clock takes to go on. No file has them that a container can read.
    static var now: KernelTicks {
        var resolution = timespec()
        var time = timespec()
        clock_getres(CLOCK_MONOTONIC_COARSE, &resolution)
        clock_gettime(CLOCK_MONOTONIC, &time)
        let nanoseconds = max(1, UInt64(resolution.tv_nsec))
        let frequency = (1_000_000_000 + nanoseconds / 2) / nanoseconds
        let start = (UInt64(1) << 32) - firstMinutes * frequency
        let ticks = UInt64(time.tv_sec) * frequency + UInt64(time.tv_nsec) / nanoseconds
        return KernelTicks(now: start + ticks, frequency: frequency)
    }

    /// The seconds from the first tick to the overflow of 32 bits.
    private static let firstMinutes: UInt64 = 300
}

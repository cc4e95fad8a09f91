// SPDX-License-Identifier: Apache-2.0

import Glibc

extension LinuxHost {
    /// Reads /proc/locks, which shows the locks of processes in this PID namespace and its children.
    package func fileLockHolder(path: String) -> FileLockHolder? {
        var status = stat()
        guard stat(path, &status) == 0, let text = try? KernelFile(path: root + "proc/locks").text() else { return nil }
        let file = Self.lockName(of: status)
        for line in text.split(separator: "\n") {
            // `1: FLOCK  ADVISORY  WRITE 1234 00:1a:5678 0 EOF`; of a process that waits, the second word is `->`.
            let words = line.split(separator: " ")
            guard words.count >= 6, words[1] == "FLOCK", words[5] == file, let process = Int32(words[4]) else {
                continue
            }
            return FileLockHolder(process: process, command: command(of: process))
        }
        return nil
    }

    /// The file's device and inode, as `lock_get_status` prints them (fs/locks.c).
    static func lockName(of status: stat) -> String {
        let device = UInt64(status.st_dev)
        // gnu_dev_major and gnu_dev_minor.
        let major = device >> 8 & 0xfff | device >> 32 & ~0xfff
        let minor = device & 0xff | device >> 12 & 0xffff_ff00
        func hexadecimal(_ number: UInt64) -> String {
            let text = String(number, radix: 16)
            return text.count < 2 ? "0" + text : text
        }
        return "\(hexadecimal(major)):\(hexadecimal(minor)):\(status.st_ino)"
    }

    /// A process chooses the name itself, so it may hold anything.
    private func command(of process: Int32) -> String? {
        guard let text = try? KernelFile(path: "\(root)proc/\(process)/comm").text() else { return nil }
        let printable = text.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control ? " " : Character(scalar)
        }
        return String(printable).split(separator: " ").joined(separator: " ")
    }
}

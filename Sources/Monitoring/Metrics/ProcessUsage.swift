// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What this process uses of the machine.
///
/// Source: proc(5).
package struct ProcessUsage: Sendable, Hashable {
    /// Processor time so far, in user and system mode, in seconds.
    package let processorSeconds: Double
    /// Resident memory, in bytes.
    package let residentBytes: UInt64
    /// Address space, in bytes.
    package let virtualBytes: UInt64
    /// When the process started, in seconds since 1970.
    package let startTime: Double
    /// The number of open descriptors.
    package let openFiles: UInt64
    /// The limit of open descriptors.
    package let maximumFiles: UInt64

    /// The usage now; `nil` if /proc cannot be read.
    package static var now: ProcessUsage? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, let files = openFileCount(),
            let process = SmallFile.text("/proc/self/stat"), let machine = SmallFile.text("/proc/stat")
        else { return nil }
        return ProcessUsage(
            process: process, machine: machine, ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))),
            pageBytes: UInt64(sysconf(Int32(_SC_PAGESIZE))), openFiles: files, maximumFiles: UInt64(limit.rlim_cur))
    }

    /// Reads the kernel's text; `nil` if it has another form.
    ///
    /// - Parameters:
    ///   - process: `/proc/self/stat`.
    ///   - machine: `/proc/stat`, of which only the line `btime` is used.
    init?(
        process: String, machine: String, ticksPerSecond: Double, pageBytes: UInt64, openFiles: UInt64,
        maximumFiles: UInt64
    ) {
        // The second field is the program's name in brackets, which may hold anything.
        guard let bracket = process.lastIndex(of: ")") else { return nil }
        let fields = process[bracket...].split(separator: " ").dropFirst().compactMap { UInt64($0) ?? 0 }
        let boot = machine.split(separator: "\n").first { $0.hasPrefix("btime ") }?.dropFirst(6)
        // proc(5) counts from 1, and the first of these is field 3.
        guard fields.count > 21, let boot = boot.flatMap({ Double($0) }) else { return nil }
        processorSeconds = Double(fields[11] + fields[12]) / ticksPerSecond
        startTime = boot + Double(fields[19]) / ticksPerSecond
        virtualBytes = fields[20]
        residentBytes = fields[21] * pageBytes
        self.openFiles = openFiles
        self.maximumFiles = maximumFiles
    }

    private static func openFileCount() -> UInt64? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count: UInt64 = 0
        while let entry = readdir(folder) {
            // Not "." and ".."; the folder itself is one more.
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        return count - 1
    }
}

/// Files of /proc, whose size is not known before they are read.
private enum SmallFile {
    static func text(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }
}

import Glibc

/// What this process takes of the machine, as Prometheus' own libraries tell it, under their names.
///
/// Source: https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics, proc(5).
public struct ProcessUsage: Sendable, Hashable {
    /// Processor time so far, in user and system mode, in seconds.
    public let processorSeconds: Double
    /// Memory that is present, in bytes.
    public let residentBytes: UInt64
    /// Address space, in bytes.
    public let virtualBytes: UInt64
    /// When the process started, in seconds since 1970.
    public let startTime: Double
    /// How many files are open.
    public let openFiles: UInt64
    /// How many may be open.
    public let maximumFiles: UInt64

    /// How things are now; `nil` if the kernel does not show it.
    public static var now: ProcessUsage? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, let files = openFileCount(),
            let process = SmallFile.text("/proc/self/stat"), let machine = SmallFile.text("/proc/stat")
        else { return nil }
        return ProcessUsage(
            process: process, machine: machine, ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))),
            pageBytes: UInt64(sysconf(Int32(_SC_PAGESIZE))), openFiles: files, maximumFiles: UInt64(limit.rlim_cur))
    }

    /// Reads what the kernel shows.
    ///
    /// - Parameters:
    ///   - process: `/proc/self/stat`.
    ///   - machine: `/proc/stat`, of which only the line `btime` counts.
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
            // "." and ".."; one more is this folder itself.
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        return count - 1
    }

    /// Writes the metrics behind others.
    public func write(to text: inout MetricText) {
        func write(_ name: String, _ kind: MetricText.Kind, _ help: String, _ value: Double) {
            text.begin(name, kind, help: help)
            text.sample(name, value)
        }
        write("process_cpu_seconds_total", .counter, "Processor time so far, in seconds.", processorSeconds)
        write("process_max_fds", .gauge, "How many files may be open.", Double(maximumFiles))
        write("process_open_fds", .gauge, "How many files are open.", Double(openFiles))
        write("process_resident_memory_bytes", .gauge, "Memory that is present, in bytes.", Double(residentBytes))
        write("process_start_time_seconds", .gauge, "When the process started, in seconds since 1970.", startTime)
        write("process_virtual_memory_bytes", .gauge, "Address space, in bytes.", Double(virtualBytes))
    }
}

/// Files of the kernel, which are small and made when they are read.
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

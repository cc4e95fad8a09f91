import Foundation
import Testing

/// A network namespace of its own for a test, with programs run inside it; gone when the last reference goes.
final class Namespace: Sendable {
    let name: String
    /// A lock file of its own: the one of the machine is shared by all namespaces.
    let lockPath: String

    /// Makes a namespace; `nil` where namespaces cannot be made.
    private init?() {
        name = "kt-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        lockPath = "/tmp/\(name).lock"
        guard Command.run(["ip", "netns", "add", name]).status == 0 else { return nil }
    }

    deinit {
        _ = Command.run(["ip", "netns", "delete", name])
        unlink(lockPath)
    }

    /// A new namespace, or `nil` where there can be none: then the test is skipped loudly, or fails when it must not be.
    static func make() -> Namespace? {
        if let namespace = Namespace() { return namespace }
        if ProcessInfo.processInfo.environment["KUBETABLES_REQUIRE_KERNEL_TESTS"] != nil {
            Issue.record("no network namespace can be made, and KUBETABLES_REQUIRE_KERNEL_TESTS is set")
        } else {
            print("SKIPPED: a kernel test, because no network namespace can be made (run as root)")
        }
        return nil
    }

    /// Runs a program inside.
    @discardableResult
    func run(_ arguments: String..., input: String? = nil) -> Command.Result {
        Command.run(["ip", "netns", "exec", name] + arguments, input: input, lockPath: lockPath)
    }

    /// Runs the probe inside.
    func probe(_ arguments: String...) -> Command.Result {
        Command.run(["ip", "netns", "exec", name, Command.probePath] + arguments, lockPath: lockPath)
    }

    /// Starts the probe inside and does not wait for it.
    func startProbe(_ arguments: String...) throws -> Process {
        try Command.start(["ip", "netns", "exec", name, Command.probePath] + arguments, lockPath: lockPath)
    }
}

/// Runs programs.
enum Command {
    struct Result {
        let status: Int32
        let output: String
    }

    /// The probe lies beside the program that runs the tests.
    static let probePath: String = {
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: program).deletingLastPathComponent().appendingPathComponent("kernel-tables-probe")
            .path
    }()

    static func process(_ arguments: [String], lockPath: String?) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = (environment["PATH"] ?? "") + ":/usr/sbin:/sbin"
        if let lockPath { environment["XTABLES_LOCKFILE"] = lockPath }
        process.environment = environment
        return process
    }

    static func start(_ arguments: [String], lockPath: String?) throws -> Process {
        let process = process(arguments, lockPath: lockPath)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    static func run(_ arguments: [String], input: String? = nil, lockPath: String? = nil) -> Result {
        let process = process(arguments, lockPath: lockPath)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        let inputPipe = Pipe()
        process.standardInput = inputPipe
        do { try process.run() } catch { return Result(status: -1, output: "\(error)") }
        if let input { try? inputPipe.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
        try? inputPipe.fileHandleForWriting.close()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Result(status: process.terminationStatus, output: String(decoding: data, as: UTF8.self))
    }
}

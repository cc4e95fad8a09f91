// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A network namespace of a test's own, removed with the last reference.
///
/// A namespace belongs to a thread and Swift tasks hop threads, so nothing enters it but child processes.
public final class NetworkNamespace: Sendable {
    /// The name that `ip netns` knows it by.
    public let name: String
    /// An xtables lock of its own, which iptables takes inside: the machine's is shared by all namespaces.
    public let lockPath: String

    /// Makes a namespace with its loopback interface up.
    public init() throws {
        name = "kt-test-\(UUID().uuidString.prefix(8).lowercased())"
        lockPath = FileManager.default.temporaryDirectory.appending(path: "\(name).lock").path
        try Subprocess.check(["ip", "netns", "add", name])
        try run("ip", "link", "set", "lo", "up")
    }

    deinit {
        _ = try? Subprocess.run(["ip", "netns", "del", name])
        try? FileManager.default.removeItem(atPath: lockPath)
    }

    /// Runs a program inside that must succeed, and gives back what it printed.
    @discardableResult
    public func run(_ command: String..., input: String = "") throws -> String {
        try Subprocess.check(inside(command), input: input, environment: environment)
    }

    /// Runs a program inside, however it ends.
    public func attempt(_ command: [String], input: String = "") throws -> ProcessResult {
        try Subprocess.run(inside(command), input: input, environment: environment)
    }

    /// Starts a program inside and does not wait for it.
    public func start(_ command: [String]) throws -> BackgroundProcess {
        try BackgroundProcess(inside(command), environment: environment)
    }

    /// Starts a program inside, on a terminal of its own.
    public func startOnTerminal(_ command: [String]) throws -> TerminalProcess {
        try TerminalProcess(inside(command), environment: environment)
    }

    private func inside(_ command: [String]) -> [String] { ["ip", "netns", "exec", name] + command }

    private var environment: [String: String] { ["XTABLES_LOCKFILE": lockPath] }
}

/// Whether tests may use the kernel.
public enum KernelTests {
    /// Set by CI: a kernel test that cannot run must fail there, not be skipped.
    public static let requirement = "KUBETABLES_REQUIRE_KERNEL_TESTS"

    private static let canMakeNamespaces = (try? NetworkNamespace()) != nil

    /// Whether kernel tests are to run: always where they are required, else where namespaces can be made.
    public static let areEnabled =
        ProcessInfo.processInfo.environment[requirement] == "1" || canMakeNamespaces
}

extension Trait where Self == ConditionTrait {
    /// Skips a test, loudly, where no namespace can be made, unless the environment forbids skipping.
    public static var needsKernel: Self {
        .enabled(
            if: KernelTests.areEnabled,
            "SKIPPED: no network namespace can be made here (run as root); \(KernelTests.requirement)=1 makes it a failure"
        )
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The units: whether systemd takes them, how much they leave open, and whether the program works with what they allow.
@Suite struct SystemdTests {
    private static let units = ["kubetables.service", "kubetables-init.service"]

    private func unit(_ name: String) throws -> ServiceUnit { ServiceUnit(try Deploy.text("systemd/\(name)")) }

    private func path(_ name: String) -> String { Deploy.folder.appending(path: "systemd/\(name)").path }

    /// With the program where `make install` puts it.
    @Test(.needsKernel) func systemdTakesTheUnits() throws {
        let script = """
            mount -t tmpfs tmpfs /usr/local/bin
            ln -s '\(Repository.tool)' /usr/local/bin/kubetables
            exec systemd-analyze verify --man=no "$@"
            """
        let result = try Subprocess.run(
            ["unshare", "--mount", "sh", "-euc", script, "verify"] + Self.units.map(path))
        #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    }

    /// How much of the machine a unit leaves open to whoever takes the program over, in tenths: 0 is nothing, 100 all.
    ///
    /// What remains cannot be had without: root's files, the machine's network, netlink and the capabilities.
    private static let exposure = 20

    @Test(arguments: units) func littleIsLeftOpen(unit: String) throws {
        let result = try Subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--threshold=\(Self.exposure)", path(unit)])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    @Test func theServiceHasTwoCapabilities() throws {
        let service = try unit("kubetables.service")
        #expect(service.words("CapabilityBoundingSet") == ["CAP_NET_ADMIN", "CAP_NET_RAW"])
        #expect(service.words("AmbientCapabilities") == ["CAP_NET_ADMIN", "CAP_NET_RAW"])
        #expect(service.values("NoNewPrivileges") == ["yes"])
        #expect(service.values("ReadWritePaths") == ["/run/xtables.lock"])
        #expect(service.values("RuntimeDirectory") == ["kubetables"])
        // The kernel's parameters are the other unit's business.
        #expect(service.values("ProtectKernelTunables") == ["yes"])
        #expect(try unit("kubetables-init.service").values("ProtectKernelTunables").isEmpty)
    }

    /// Runs the program with every system call refused that the unit refuses, and looks at all it makes.
    @Test(.needsKernel) func theProgramWorksWithTheSystemCallsItIsAllowed() throws {
        let service = try unit("kubetables.service")
        var allowed: Set<String> = []
        var refused: Set<String> = []
        for filter in service.values("SystemCallFilter") {
            if filter.hasPrefix("~") {
                refused.formUnion(try systemCalls(filter.dropFirst().split(separator: " ").map(String.init)))
            } else {
                allowed.formUnion(try systemCalls(filter.split(separator: " ").map(String.init)))
            }
        }
        #expect(allowed.contains("getsockopt") && refused.contains("chroot"))

        let folder = try TemporaryFolder()
        let objects = Repository.fixtures.appending(path: "walkthrough/objects.yaml")
        try folder.write("manifests/objects.yaml", try String(contentsOf: objects, encoding: .utf8))
        let node = try NetworkNamespace()
        let trace = "\(folder.path)/trace"
        let injection = refused.sorted().map { "?\($0)" }.joined(separator: ",")
        let program = try node.start(
            ["strace", "-f", "-qq", "-o", trace, "-e", "inject=\(injection):error=EPERM", Repository.tool]
                + ["run", "--manifests", "\(folder.path)/manifests", "--lock-file", node.lockPath])
        try program.waitForErrors(containing: "start: IPv4", limit: .seconds(60))
        try program.waitForErrors(containing: "start: IPv6", limit: .seconds(60))
        _ = try node.run("curl", "-sS", "--fail", "--max-time", "10", "http://127.0.0.1:10256/healthz")
        _ = try node.run("curl", "-sS", "--fail", "--max-time", "10", "http://127.0.0.1:10249/plan")
        _ = try node.run("curl", "-sS", "--fail", "--max-time", "10", "http://127.0.0.1:10249/metrics")
        // strace itself lets no signal end it before its child has ended.
        try Subprocess.check(
            ["sh", "-c", "kill -TERM $(cat /proc/\(program.identifier)/task/\(program.identifier)/children)"])
        #expect(try program.wait() == 0)
        #expect(!program.errors.contains(" error "), "\(program.errors)")

        let calls = try folder.read("trace").split(separator: "\n").compactMap { TracedCall($0) }
        #expect(calls.count > 100)
        let unexpected = Set(calls.map(\.name)).subtracting(allowed.union(refused))
        #expect(unexpected.isEmpty, "the unit does not allow \(unexpected)")

        let families = Set(calls.filter { $0.name == "socket" }.compactMap(\.firstArgument))
        #expect(families.contains("AF_NETLINK"))
        #expect(families.isSubset(of: service.words("RestrictAddressFamilies")), "\(families)")
        // MemoryDenyWriteExecute
        let mappings = calls.filter { ["mmap", "mprotect", "pkey_mprotect"].contains($0.name) }
        #expect(!mappings.contains { $0.arguments.contains("PROT_WRITE|PROT_EXEC") })
    }

    @Test(arguments: ["9 read(3, x)", "9999  read(3, x)", "12345 read(3, x)"])
    func callsAreReadWhateverTheNumberOfTheProcess(line: String) {
        let call = TracedCall(line[...])
        #expect(call?.name == "read" && call?.firstArgument == "3")
        #expect(TracedCall("12345 +++ exited with 0 +++") == nil)
        #expect(TracedCall("12345 <... futex resumed>) = 0") == nil)
    }

    /// The system calls of groups and single names, as systemd knows them.
    private func systemCalls(_ words: [String]) throws -> Set<String> {
        var calls = Set(words.filter { !$0.hasPrefix("@") })
        let groups = words.filter { $0.hasPrefix("@") }
        guard !groups.isEmpty else { return calls }
        let text = try Subprocess.check(["systemd-analyze", "syscall-filter"] + groups)
        let lines = text.split(separator: "\n").filter { $0.hasPrefix(" ") }
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.hasPrefix("#") }
        calls.formUnion(try systemCalls(lines))
        return calls
    }
}

/// A line that strace writes about a system call.
private struct TracedCall {
    let name: String
    let arguments: Substring

    /// - Returns: `nil` for lines about signals and ends, and for the second half of a call that another came between.
    init?(_ line: Substring) {
        // The number of the process, which short ones are padded behind.
        let call = line.drop { $0.isNumber }.drop { $0 == " " }
        guard let bracket = call.firstIndex(of: "("),
            call[..<bracket].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" })
        else { return nil }
        name = String(call[..<bracket])
        arguments = call[call.index(after: bracket)...]
    }

    var firstArgument: String? { arguments.split(separator: ",").first.map(String.init) }
}

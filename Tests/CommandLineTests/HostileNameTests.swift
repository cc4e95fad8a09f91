// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What others wrote into tables, files and flags reaches a terminal or a log escaped and cut, whichever way it takes.
@Suite("Texts that a terminal would obey", .needsKernel) struct HostileNameTests {
    private let node: NetworkNamespace
    private let folder: TemporaryFolder

    init() throws {
        node = try NetworkNamespace()
        folder = try TemporaryFolder()
        try folder.write("manifests/objects.yaml", WebService.objects(endpoint: "10.244.0.1"))
    }

    /// ESC, CSI as one character of C1, and an override of the direction of writing.
    private static let evil = "\u{1b}[2J\u{9b}31m\u{202e}\u{2066}x"
    private static let shown = "\\u{1b}[2J\\u{9b}31m\\u{202e}\\u{2066}x"
    /// What a chain's name may hold; the kernel takes any bytes.
    private static let chain = "EV\u{9b}\u{202e}"
    private static let shownChain = "EV\\u{9b}\\u{202e}"

    private func tool(_ command: String, _ further: String...) throws -> ProcessResult {
        let lock = ["apply", "verify"].contains(command) ? ["--lock-file", node.lockPath] : []
        return try node.attempt(
            [Repository.tool, command, "-f", "\(folder.path)/manifests", "--ip-family", "ipv4"]
                + ["--hostname-override", "node-1", "--node-ip", "192.168.50.10"] + lock + further)
    }

    /// Expects that a text has only what is printed as it is, and line ends.
    private func expectPrintable(_ text: String, _ source: Comment) {
        let bad = text.unicodeScalars.filter { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: scalar != "\n"
            default: false
            }
        }
        #expect(bad.isEmpty, source)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 5_000 }, source)
    }

    private func iptables(_ arguments: String...) throws {
        try node.run("iptables-legacy-restore", "--noflush", input: arguments.joined(separator: "\n") + "\n")
    }

    private func writeForeignRules() throws {
        try iptables(
            "*nat", ":\(Self.chain) - [0:0]",
            "-I PREROUTING -d 10.96.0.10/32 -p tcp -m comment --comment \"\(Self.evil)\" -j DNAT --to-destination 10.9.9.9",
            "-I KUBE-SERVICES -m comment --comment \"\(Self.evil)\" -j \(Self.chain)",
            "-A \(Self.chain) -m comment --comment \"\(Self.evil)\" -j ACCEPT", "COMMIT")
    }

    @Test("in foreign rules: plan, verify, apply and cleanup")
    func commands() throws {
        try #require(try tool("apply").status == 0)
        try writeForeignRules()
        let saved = try node.run("iptables-legacy-save", "-t", "nat")
        #expect(saved.contains(Self.evil))
        let results = [
            try tool("plan", "--rules"), try tool("plan", "--output", "json"), try tool("verify", "--rules"),
            try tool("verify", "--fail-on", "foreign"),
            try tool("apply", "--dry-run"), try node.attempt([Repository.tool, "cleanup", "--dry-run"]),
            try tool("apply"),
        ]
        for (number, result) in results.enumerated() {
            expectPrintable(result.output, "output of command \(number)")
            expectPrintable(result.errors, "errors of command \(number)")
        }
        for result in [results[0], results[2]] {
            #expect(result.output.contains(Self.shown), "\(result.output)")
            #expect(result.output.contains(Self.shownChain), "\(result.output)")
        }
        #expect(results[6].errors.contains(Self.shown), "\(results[6].errors)")
        // Programs get what it is.
        let plans = try JSONSerialization.jsonObject(with: Data(results[1].output.utf8)) as? [[String: Any]]
        let ahead = try #require(plans?.first?["foreignRulesAhead"] as? [[String: Any]])
        #expect((ahead.first?["rule"] as? String)?.contains(Self.evil) == true)
        #expect(try node.run("iptables-legacy-save", "-t", "nat").contains(Self.evil))
    }

    @Test("in foreign rules: the log and the pages of run", arguments: ["text", "json"])
    func run(format: String) throws {
        let program = try node.start(
            [Repository.tool, "run", "--manifests", "\(folder.path)/manifests", "--hostname-override", "node-1"]
                + [
                    "--lock-file", node.lockPath, "--owner-lock-file", "\(folder.path)/owner", "--logging-format",
                    format,
                ]
                + ["--iptables-min-sync-period", "0s", "--iptables-sync-period", "300ms"])
        try program.waitForErrors(containing: "start: IPv4")
        try writeForeignRules()
        let backslash = format == "json" ? "\\\\" : "\\"
        let shown = Self.shown.replacing("\\", with: backslash)
        try program.waitForErrors(
            containing: "drift repaired in 1 chain: unexpected: -A KUBE-SERVICES -m comment --comment")
        try program.waitForErrors(containing: "a foreign rule comes before our jumps and")
        // Names of files are of others, too.
        try folder.write("manifests/\(Self.evil).yaml", "kind: \(Self.evil.filter { $0 > "\u{9b}" })\napiVersion: [\n")
        try program.waitForErrors(containing: "\(shown).yaml")
        try iptables("*nat", "-I KUBE-SERVICES -m comment --comment \"\(Self.evil)\" -j ACCEPT", "COMMIT")
        for page in ["problems", "problems?format=json", "plan", "configz"] {
            expectPrintable(try node.run("curl", "-s", "127.0.0.1:10249/\(page)"), "\(page)")
        }
        expectPrintable(try node.run("curl", "-s", "127.0.0.1:10256/readyz"), "readyz")
        #expect(try node.run("curl", "-s", "127.0.0.1:10249/problems").contains(Self.shown))
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
        #expect(program.errors.contains(shown))
        expectPrintable(program.errors, "log")
    }

    @Test("in files, file names, flags and arguments, however long")
    func input() throws {
        let long = String(repeating: "y", count: 100_000)
        try folder.write(
            "evil/\(Self.evil).yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: \"\\e[2J\\x9b\\u202E\"}\n")
        try folder.write("config.yaml", "kind: \"\\e[2J\"\napiVersion: \"\(long)\"\n")
        let commands = [
            ["compile", "-f", "\(folder.path)/evil"], ["compile", "-f", "/\(Self.evil)"], ["compile", "-f", long],
            [Self.evil], [long], ["compile", "--\(Self.evil)"], ["compile", "--\(long)"],
            ["compile", "-f", "x", "--ip-family", Self.evil], ["compile", "-f", "x", "--ip-family", long],
            ["compile", "-f", "\(folder.path)/manifests", "--cluster-cidr", Self.evil],
            ["compile", "-f", "\(folder.path)/manifests", "--cluster-cidr", long],
            ["compile", "-f", "\(folder.path)/manifests", "--config", "\(folder.path)/config.yaml"],
            ["compile", "-f", "\(folder.path)/manifests", "--detect-local-mode", Self.evil],
            ["compile", "-f", "\(folder.path)/manifests", "--hostname-override", Self.evil, "--node-ip", Self.evil],
            ["compile", "--ip-family=ipv4\(Self.evil)\n\(Self.evil)"], ["compile", "-f", "x", Self.evil, "a\nb"],
            ["run", "--kubeconfig", "/\(Self.evil)"],
            ["run", "--manifests", "/\(Self.evil)", "--master", "https://\(Self.evil)"],
            ["run", "--master", Self.evil], ["plan", "-f", "\(folder.path)/manifests", "--output", Self.evil],
            ["apply", "-f", "\(folder.path)/manifests", "--lock-file", "/\(Self.evil)/x", "--lock-wait", Self.evil],
        ]
        for command in commands {
            let result = try node.attempt(["timeout", "20", Repository.tool] + command)
            let name: Comment = "\(command.map { $0.prefix(40).debugDescription })"
            #expect(result.status != 0, name)
            #expect(result.errors.contains("error"), name)
            expectPrintable(result.errors, name)
            expectPrintable(result.output, name)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// On a terminal, `apply` asks before it removes Services that are in force.
@Suite("The question of apply", .needsKernel) struct ConfirmationTests {
    private let node: NetworkNamespace
    private let folder: TemporaryFolder

    init() throws {
        node = try NetworkNamespace()
        folder = try TemporaryFolder()
        func service(_ name: String, _ address: String) -> String {
            """
            apiVersion: v1
            kind: Service
            metadata: {name: \(name)}
            spec: {clusterIP: \(address), ports: [{port: 80}]}
            ---

            """
        }
        let shop = service("shop", "10.96.0.11")
        try folder.write("all.yaml", service("web", "10.96.0.10") + shop)
        try folder.write("shop.yaml", shop)
    }

    private func command(_ file: String) -> [String] {
        [Repository.tool, "apply", "-f", "\(folder.path)/\(file)", "--hostname-override", "node-1"]
            + ["--ip-family", "ipv4", "--lock-file", node.lockPath]
    }

    private func rules() throws -> String { SaveText.withoutCounters(try node.run("iptables-legacy-save")) }

    private static let question = "Remove 1 Service that the input does not have (default/web)? [y/N] "

    @Test(
        "decides, and only a yes removes anything",
        arguments: [
            ("y\n", 0), ("yes\n", 0), ("Y\n", 0), ("n\n", 65), ("\n", 65), ("yess\n", 65), ("\u{4}", 65),
            ("n\u{4}\u{4}", 65),
            ("\u{3}", 128 + SIGINT), ("y\u{3}", 128 + SIGINT),
        ] as [(String, Int32)])
    func answer(typed: String, status: Int32) throws {
        try #require(try node.attempt(command("all.yaml")).status == 0)
        let before = try rules()
        let terminal = try node.startOnTerminal(command("shop.yaml"))
        try terminal.waitForText(Self.question)
        #expect(try rules() == before)
        try terminal.type(typed)
        #expect(try terminal.wait() == status, "\(terminal.text)")
        if status == 0 {
            #expect(try !rules().contains("default/web"))
            #expect(try rules().contains("default/shop"))
        } else {
            #expect(try rules() == before)
            #expect(terminal.text.contains("nothing was changed") == (status == 65), "\(terminal.text)")
        }
    }

    @Test("names Services of others without what a terminal would obey")
    func hostileName() throws {
        try #require(try node.attempt(command("all.yaml")).status == 0)
        try node.run(
            "iptables-legacy-restore", "--noflush",
            input: """
                *nat
                -A KUBE-SERVICES -d 10.96.0.77/32 -p tcp -m comment --comment "evil/\u{1b}[2J\u{9b}\u{202e}:x cluster IP" \
                -m tcp --dport 53 -j KUBE-MARK-MASQ
                COMMIT

                """)
        let terminal = try node.startOnTerminal(command("shop.yaml"))
        try terminal.waitForText("[y/N] ")
        try terminal.type("n\n")
        #expect(try terminal.wait() == 65)
        let controls = terminal.text.unicodeScalars.filter {
            $0.properties.generalCategory == .control || $0.properties.generalCategory == .format
        }
        #expect(controls.allSatisfy { $0 == "\r" || $0 == "\n" }, "\(terminal.text.debugDescription)")
    }

    @Test("is not asked when the answer would be taken from the manifests, or nobody sees it")
    func noTerminal() throws {
        try #require(try node.attempt(command("all.yaml")).status == 0)
        let before = try rules()
        var piped = command("shop.yaml")
        piped[piped.firstIndex(of: "\(folder.path)/shop.yaml") ?? 0] = "-"
        let terminal = try node.startOnTerminal(piped)
        try terminal.type(try folder.read("shop.yaml") + "\u{4}")
        #expect(try terminal.wait() == 65)
        #expect(!terminal.text.contains("[y/N]"))
        let unseen = try node.startOnTerminal(
            ["sh", "-c", "exec \"$0\" \"$@\" 2>'\(folder.path)/errors'"] + command("shop.yaml"))
        #expect(try unseen.wait() == 65)
        #expect(try !folder.read("errors").contains("[y/N]"))
        #expect(try rules() == before)
    }
}

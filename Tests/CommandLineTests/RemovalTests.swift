// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What is in force is not removed by accident: not by input that lacks it, and not by input that holds nothing.
@Suite("Services in force", .needsKernel) struct RemovalTests {
    private let node = try? NetworkNamespace()

    private static func service(_ name: String, _ address: String, further: String = "") -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: \(name)}
        spec: {clusterIP: \(address), ports: [{port: 80}]}
        \(further)
        ---

        """
    }

    private static let web = service("web", "10.96.0.10")
    private static let shop = service("shop", "10.96.0.11")

    private func tool(_ command: String, _ arguments: String..., input: String = "") throws -> ProcessResult {
        let node = try #require(node, "no network namespace could be made")
        return try node.attempt(
            [Repository.tool, command, "-f", "-", "--hostname-override", "node-1", "--ip-family", "ipv4"] + arguments,
            input: input)
    }

    private func rules() throws -> String {
        SaveText.withoutCounters(try #require(node).run("iptables-legacy-save"))
    }

    @Test("stay if the input does not have them, and the message names them and the flag")
    func missingService() throws {
        try #require(try tool("apply", input: Self.web + Self.shop).status == 0)
        let before = try rules()
        for command in [["apply"], ["verify", "--repair"]] {
            let result = try tool(command[0], command.dropFirst().first ?? "--lock-wait=5", input: Self.shop)
            #expect(result.status == 65)
            #expect(
                result.errors.contains(
                    "error: the input does not have 1 Service in force: default/web; nothing was changed"))
            #expect(result.errors.contains("--prune"))
            #expect(try rules() == before)
        }
    }

    @Test("are removed with --prune, which is reported")
    func prune() throws {
        try #require(try tool("apply", input: Self.web + Self.shop).status == 0)
        let result = try tool("apply", "--prune", input: Self.shop)
        #expect(result.status == 0)
        #expect(result.errors.contains("warning: removing 1 Service that the input does not have: default/web\n"))
        #expect(try !rules().contains("default/web"))
        #expect(try rules().contains("default/shop"))
    }

    @Test("may lose their rules without a question as long as the input has them")
    func changedService() throws {
        let slice = """
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
            addressType: IPv4
            ports: [{port: 8080}]
            endpoints: [{addresses: [10.244.1.10]}]
            ---

            """
        for input in [
            Self.web + slice, Self.web, Self.web + slice, Self.service("web", "10.96.0.99") + slice,
            Self.service("web", "None"),
        ] {
            let result = try tool("apply", input: input)
            #expect(result.status == 0, "\(result.errors)")
        }
        #expect(try !rules().contains("default/web"))
    }

    @Test("that others than kubetables wrote are named too, by their address if nothing else is known")
    func unnamedService() throws {
        try #require(try tool("apply", input: Self.shop).status == 0)
        try #require(node).run(
            "iptables-legacy", "-A", "KUBE-SERVICES", "-d", "10.96.0.77/32", "-p", "tcp", "-m", "tcp", "--dport", "53",
            "-j", "REJECT", "--reject-with", "icmp-port-unreachable")
        let result = try tool("apply", input: Self.shop)
        #expect(result.status == 65)
        #expect(result.errors.contains("1 Service in force: 10.96.0.77:53/tcp; nothing was changed"))
    }

    @Test("do not count if a foreign rule in our chains is removed")
    func foreignRule() throws {
        try #require(try tool("apply", input: Self.shop).status == 0)
        try #require(node).run(
            "iptables-legacy", "-A", "KUBE-SERVICES", "-d", "10.96.0.77/32", "-p", "tcp", "-m", "tcp", "--dport", "53",
            "-j", "ACCEPT")
        #expect(try tool("verify", "--repair", input: Self.shop).status == 0)
        #expect(try !rules().contains("10.96.0.77"))
    }

    @Test("are shown by --dry-run, which changes nothing, as plan does")
    func dryRun() throws {
        try #require(try tool("apply", input: Self.web + Self.shop).status == 0)
        let before = try rules()
        let dryRun = try tool("apply", "--dry-run", input: Self.shop)
        let plan = try tool("plan", input: Self.shop)
        #expect(dryRun.status == 2)
        #expect(dryRun.output == plan.output)
        #expect(dryRun.output.contains("\n  - default/web"), "\(dryRun.output)")
        let selected = try tool("plan", "--rules", "--service", "web", input: Self.shop)
        #expect(selected.output.contains("- -A KUBE-SERVICES -d 10.96.0.10/32"), "\(selected.output)")
        let other = try tool("plan", "-n", "nowhere", input: Self.shop)
        #expect(
            other.output.contains("\n  no rules are made for Services in namespace \"nowhere\"\n"), "\(other.output)")
        #expect(try rules() == before)
    }

    @Test(
        "stay if the input holds nothing, and the message tells what was found",
        arguments: [
            ("", "standard input is empty"), ("# nothing\n---\n", "standard input is empty"),
            ("apiVersion: meta.k8s.io/v1\nkind: Table\nrows: []\n", "only objects of other kinds: 1 Table"),
        ])
    func nothing(input: String, found: String) throws {
        try #require(try tool("apply", input: Self.web).status == 0)
        let before = try rules()
        for command in [["apply"], ["apply", "--prune"], ["apply", "--strict"], ["verify", "--repair"]] {
            let result = try tool(command[0], command.dropFirst().first ?? "--lock-wait=5", input: input)
            #expect(result.status == 65)
            #expect(
                result.errors.contains(
                    "error: no Service, EndpointSlice, Endpoints or Node in the input: \(found); nothing"),
                "\(result.errors)")
            #expect(try rules() == before)
        }
    }

    @Test("stay if a directory has no manifest")
    func emptyDirectory() throws {
        let folder = try TemporaryFolder()
        try Data().write(to: URL(filePath: folder.path).appending(path: "notes.txt"))
        let node = try #require(node)
        let result = try node.attempt([Repository.tool, "apply", "-f", folder.path])
        #expect(result.status == 65)
        #expect(result.errors.contains(": no .yaml, .yml or .json file in \(folder.path); "), "\(result.errors)")
    }

    @Test("may be none: with an explicit empty list, or with --allow-empty", arguments: ["List", "flag"])
    func allowedNothing(how: String) throws {
        let list = "apiVersion: v1\nkind: List\nitems: []\n"
        let result =
            how == "List" ? try tool("apply", input: list) : try tool("apply", "--allow-empty", input: "")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try rules().contains("KUBE-SERVICES"))
        // What is in force stays nevertheless.
        try #require(try tool("apply", input: Self.web).status == 0)
        #expect(try tool("apply", input: list).status == 65)
        #expect(try tool("apply", "--prune", input: list).status == 0)
        #expect(try !rules().contains("default/web"))
    }
}

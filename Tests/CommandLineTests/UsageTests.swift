// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What users meet who make a mistake: exit codes, and messages that name what would be right.
@Suite struct UsageTests {
    private static let service = """
        apiVersion: v1
        kind: Service
        metadata: {name: redis}
        spec: {clusterIP: 10.96.0.7, ports: [{port: 6379}]}

        """

    private func compile(_ arguments: String..., input: String = "") throws -> ProcessResult {
        try Subprocess.run([Repository.tool, "compile"] + arguments, input: input)
    }

    @Test func anEmptyInputPrintsTheBaseRules() throws {
        let result = try compile("-f", "-")
        #expect(result.status == 0)
        #expect(result.errors.isEmpty)
        #expect(result.output.contains("-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000\n"))
    }

    @Test func standardInputIsRead() throws {
        let result = try compile("-f", "-", input: Self.service)
        #expect(result.status == 0)
        #expect(result.output.contains("default/redis has no endpoints"))
    }

    @Test(arguments: [
        (["compile"], "missing required option \"--filename <path>\""),
        (["compile", "-f"], "missing value for \"-f <path>\""),
        (
            ["compile", "-f", "-", "--ip-family", "ipv5"],
            "invalid value \"ipv5\" for \"--ip-family <ip-family>\" (supported: ipv4, ipv6)"
        ),
        (
            ["compile", "-f", "-", "--format", "xml"],
            "invalid value \"xml\" for \"--format <format>\" (supported: save, restore)"
        ),
        (
            ["compile", "-f", "-", "--iptables-masquerade-bit", "32"],
            "--iptables-masquerade-bit: invalid bit 32: must be from 0 to 31"
        ),
        (
            ["compile", "-f", "-", "--cluster-cidr", "10.0.0.0"],
            "--cluster-cidr: invalid CIDR \"10.0.0.0\": must be ADDRESS/LENGTH"
        ),
        (["compile", "-f", "-", "--cluster-cidr", "10.0.0.0/8,10.1.0.0/16"], "at most one CIDR of each IP family"),
        (["compile", "-f", "-", "--node-ip", "localhost"], "--node-ip: invalid IP address \"localhost\""),
        (["compile", "-f", "-", "--node-labels", "zone"], "--node-labels: invalid label \"zone\": must be KEY=VALUE"),
        (["compile", "-f", "-", "--nodeport-addresses", "primary,10.0.0.0/8"], "\"primary\" cannot be combined"),
        (
            ["compile", "-f", "-", "--detect-local-mode", "BridgeInterface"],
            "--pod-bridge-interface (detectLocal.bridgeInterface): required with"
        ),
        (
            ["compile", "-f", "-", "--detect-local-mode", "InterfaceNamePrefix"],
            "--pod-interface-name-prefix (detectLocal.interfaceNamePrefix): required with"
        ),
        (
            ["compile", "-f", "-", "--detect-local-mode", "BridgeInterface", "--pod-bridge-interface", "cbr\u{ff11}"],
            "--pod-bridge-interface (detectLocal.bridgeInterface): invalid interface name \"cbr\u{ff11}\": must have 1–15 "
                + "printable ASCII characters"
        ),
        (["compile", "-f", "-", "--detect-local-mode", "NodeCIDR"], "mode NodeCIDR requires a Node object \""),
        (["apply", "-f", "-", "--lock-wait", "-1"], "--lock-wait"),
        (["compile", "-f", "-", "--strict=x"], "option \"--strict\" takes no value, but has \"x\""),
        (["compile", "-f", "-", "a"], "unexpected argument \"a\""),
        (["compile", "-f", "-", "a", "b"], "unexpected arguments \"a\", \"b\""),
        (["run", "--proxy-mode", "ipvs"], "--proxy-mode: unsupported proxy mode \"ipvs\" (supported: iptables)"),
        (["--generate-completion-script", "tcsh"], "unsupported shell \"tcsh\" (supported: zsh, bash, fish)"),
    ])
    func wrongUsageEndsWith64(arguments: [String], message: String) throws {
        let result = try Subprocess.run([Repository.tool] + arguments)
        #expect(result.status == 64)
        #expect(result.errors.contains(message), "\(result.errors)")
        #expect(result.output.isEmpty)
    }

    /// Messages of the argument parser have the form of all others: the error, and where to read on.
    @Test(
        "an unknown word is an error with a suggestion",
        arguments: [
            (["compil", "-f", "-"], "unknown command \"compil\"; did you mean \"compile\"?", "kubetables help"),
            (["frobnicate"], "unknown command \"frobnicate\"", "kubetables help"),
            (["help", "plna"], "unknown command \"plna\"; did you mean \"plan\"?", "kubetables help"),
            (
                ["compile", "-f", "-", "--clustr-cidr", "10.0.0.0/8"],
                "unknown option \"--clustr-cidr\"; did you mean \"--cluster-cidr\"?", "kubetables help compile"
            ),
            (["run", "--frobnicate"], "unknown option \"--frobnicate\"", "kubetables help run"),
            (["--verson"], "unknown option \"--verson\"; did you mean \"--version\"?", "kubetables help"),
        ])
    func suggestion(arguments: [String], message: String, help: String) throws {
        let result = try Subprocess.run([Repository.tool] + arguments)
        #expect(result.status == 64)
        #expect(result.errors == "error: \(message)\nnote: see '\(help)'\n")
        #expect(result.output.isEmpty)
    }

    @Test func badInputEndsWith65AndAllOfItIsReported() throws {
        let result = try compile(
            "-f", "-", "-f", "/nonexistent.yaml",
            input: """
                apiVersion: v1
                kind: Service
                metadata: {name: redis}
                spec:
                  clusterIP: 10.96.0.300
                  ports: [{port: 70000}, {name: b, port: 80, protocol: ICMP}]
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: second}
                spec: {clusterIP: [}
                """)
        #expect(result.status == 65)
        #expect(result.output.isEmpty)
        let expected = [
            "spec.clusterIP", "spec.ports[0].port", "spec.ports[1].protocol", "/nonexistent.yaml", "line 11, column 20",
        ]
        for text in expected { #expect(result.errors.contains(text), "\(text) is missing in:\n\(result.errors)") }
    }

    @Test func strictMakesWarningsErrors() throws {
        let odd = Self.service.replacingOccurrences(of: "10.96.0.7", with: "10.96.000.007")
        let lenient = try compile("-f", "-", input: odd)
        #expect(lenient.status == 0)
        #expect(lenient.errors.contains("warning: "))
        #expect(lenient.output.contains("-d 10.96.0.7/32"))
        let strict = try compile("-f", "-", "--strict", input: odd)
        #expect(strict.status == 65)
        #expect(strict.errors.contains("error: "))
        #expect(strict.output.isEmpty)
    }

    @Test func otherKindsAreIgnoredWithOneLine() throws {
        let result = try compile(
            "-f", "-", input: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {}\n")
        #expect(result.status == 0)
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(result.errors.contains("Deployment"))
    }

    @Test func aHeadlessServiceMakesNoRuleAndTheOutputSaysWhy() throws {
        let result = try compile(
            "-f", "-", input: Self.service.replacingOccurrences(of: "10.96.0.7", with: "None"))
        #expect(result.status == 0)
        #expect(!result.output.contains("redis"))
        #expect(result.errors.contains("note: Service default/redis: headless (clusterIP: None)"))
    }

    @Test func explainNamesTheReasonForEachEndpoint() throws {
        let slice = """
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: redis-1, labels: {kubernetes.io/service-name: redis}}
            addressType: IPv4
            ports: [{port: 6379}]
            endpoints:
            - {addresses: [10.244.1.190]}
            - {addresses: [10.244.1.191], conditions: {ready: false}}

            """
        let result = try compile("-f", "-", "--explain", input: Self.service + slice)
        #expect(result.status == 0)
        #expect(
            result.errors == """
                default/redis/tcp (internal traffic policy Cluster)
                  10.244.1.190:6379: used
                  10.244.1.191:6379: not used: it is not ready

                """)
    }

    /// A node port Service for which only endpoints on the node count.
    private static let local = """
        apiVersion: v1
        kind: Service
        metadata: {name: redis}
        spec: {type: NodePort, externalTrafficPolicy: Local, clusterIP: 10.96.0.7, ports: [{port: 6379, nodePort: 30000}]}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: redis-1, labels: {kubernetes.io/service-name: redis}}
        addressType: IPv4
        ports: [{port: 6379}]
        endpoints: [{addresses: [10.244.1.190], nodeName: node-1}]

        """

    @Test("the node is named if rules depend on it and no option names it")
    func assumedNode() throws {
        let note = "note: the rules are for the node \""
        let assumed = try compile("-f", "-", input: Self.local)
        #expect(assumed.status == 0)
        #expect(assumed.errors.contains(note), "\(assumed.errors)")
        #expect(assumed.errors.contains("because of Local traffic policies: pass --hostname-override"))
        let named = try compile("-f", "-", "--hostname-override", "node-1", input: Self.local)
        #expect(named.errors.isEmpty, "\(named.errors)")
        let hints = "hints: {forNodes: [{name: node-1}]}"
        let cluster = Self.local.replacing("externalTrafficPolicy: Local", with: "externalTrafficPolicy: Cluster")
        #expect(try compile("-f", "-", input: cluster).errors.isEmpty)
        let hinted = try compile("-f", "-", input: cluster.replacing("nodeName: node-1", with: hints))
        #expect(hinted.errors.contains("because of topology hints: "), "\(hinted.errors)")
    }

    @Test func directoriesAreReadRecursively() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "kubetables-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let inner = folder.appending(path: "a/b")
        try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
        try Data(Self.service.utf8).write(to: inner.appending(path: "redis.yml"))
        try Data("not read".utf8).write(to: folder.appending(path: "notes.txt"))
        let result = try compile("-f", folder.path)
        #expect(result.status == 0)
        #expect(result.output.contains("default/redis has no endpoints"))
    }

    @Test func aFullDiskIsAnErrorAndNotSilence() throws {
        let result = try Subprocess.run(["sh", "-c", "\(Repository.tool) compile -f - >/dev/full"])
        #expect(result.status == 74)
        #expect(result.errors.contains("cannot write to standard output"))
    }
}

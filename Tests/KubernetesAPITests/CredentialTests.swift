// SPDX-License-Identifier: Apache-2.0

import Foundation
import KubernetesObjects
import TestAPIServer
import TestSupport
import Testing

@testable import KubernetesAPI

@Suite("Credentials")
struct CredentialTests {
    /// Asks a server that lets in only some.
    private func with(
        _ credentials: ClusterConnection.Credentials, limits: ClientLimits = .quick, allowed: Set<String>,
        _ body: (APIClient, TestAPIServer) async throws -> Void
    ) async throws {
        let server = TestAPIServer()
        server.allow(authorizations: allowed)
        var connection = ClusterConnection(server: try ServerAddress(try await server.start()), origin: "test")
        connection.credentials = credentials
        let client = APIClient(connection, version: "0", limits: limits)
        let result: Result<Void, any Error>
        do { result = .success(try await body(client, server)) } catch { result = .failure(error) }
        await client.shutdown()
        await server.stop()
        try result.get()
    }

    private func failure(_ client: APIClient) async -> String {
        do throws(APIFailure) {
            _ = try await client.get("/version")
            return "no failure"
        } catch {
            return error.description
        }
    }

    @Test("a token, a name and a password, or nothing is sent")
    func kinds() async throws {
        try await with(.token(.bytes(Array(" t\n".utf8))), allowed: ["Bearer t"]) { client, _ in
            _ = try await client.get("/version")
        }
        try await with(.password(username: "me", password: "x:y"), allowed: ["Basic bWU6eDp5"]) { client, _ in
            _ = try await client.get("/version")
        }
        try await with(.none, allowed: ["Bearer t"]) { client, _ in
            #expect(await failure(client).contains("401 Unauthorized"))
        }
    }

    @Test("a token that was replaced is read again when it is refused")
    func refusedToken() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("token", "old\n")
        try await with(.token(.file(path)), allowed: ["Bearer old"]) { client, server in
            _ = try await client.get("/version")
            try folder.write("token", "new\n")
            server.allow(authorizations: ["Bearer new"])
            _ = try await client.get("/version")
            // A file that is gone for a moment does no harm.
            try FileManager.default.removeItem(atPath: path)
            _ = try await client.get("/version")
            server.allow(authorizations: [])
            #expect(await failure(client).contains("401"))
        }
    }

    @Test("a token that was replaced is read again after a while")
    func rotatedToken() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("token", "old")
        var limits = ClientLimits.quick
        limits.rereadPeriod = .milliseconds(100)
        try await with(.token(.file(path)), limits: limits, allowed: ["Bearer old"]) { client, server in
            _ = try await client.get("/version")
            try folder.write("token", "new")
            try await Task.sleep(for: .milliseconds(150))
            server.allow(authorizations: ["Bearer new"])
            server.inject(.refuse(code: 500, retryAfter: nil), into: .services)
            _ = try await client.get("/version")
        }
    }

    @Test("a file that is a named pipe is not waited for", .timeLimit(.minutes(1)))
    func pipe() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/token"
        #expect(mkfifo(path, 0o600) == 0)
        var file = CredentialFile(.file(path), period: .zero)
        let failure = #expect(throws: APIFailure.self) { _ = try file.bytes() }
        #expect("\(failure!)".contains("\(path) cannot be read: it is a named pipe; it must be a regular file"))
        var log = DiagnosticLog()
        #expect(Kubeconfig.read(path: path, log: &log) == nil)
        #expect(log.diagnostics.first?.message == "cannot be read: it is a named pipe; it must be a regular file")
    }

    @Test("a token that cannot be sent is none")
    func badTokens() async throws {
        let folder = try TemporaryFolder()
        for (text, words) in [
            (" \n", "the token is empty"), ("a\r\nX: y", "characters that are not allowed in a token"),
        ] {
            let path = try folder.write("token", text)
            try await with(.token(.file(path)), allowed: []) { client, _ in
                #expect(await failure(client).contains(words))
            }
        }
        try await with(.token(.file("/nowhere/token")), allowed: []) { client, _ in
            #expect(
                await failure(client)
                    == "no credentials: /nowhere/token cannot be read: No such file or directory")
        }
    }

    private func plugin(_ script: String, _ arguments: [String] = []) -> Kubeconfig.ExecPlugin {
        var plugin = Kubeconfig.ExecPlugin(command: script)
        plugin.arguments = arguments
        plugin.installHint = "get it at example.org"
        return plugin
    }

    private static func credential(_ status: String) -> String {
        #"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{\#(status)}}"#
    }

    @Test("a plugin is run once, however many ask, and again when it is refused")
    func pluginRuns() async throws {
        let folder = try TemporaryFolder()
        try folder.write("token", "one")
        let script = try folder.script(
            "login",
            """
            cd "\(folder.path)"; echo run >> runs; echo "$KUBERNETES_EXEC_INFO" > info; echo "$1 $A" > seen; sleep 0.1
            printf '%s' '\(Self.credential(#""token":"'"$(cat token)"'""#))'
            """)
        var plugin = plugin(script, ["argument"])
        plugin.environment = [.init(name: "A", value: "b")]
        plugin.wantsClusterInfo = true
        try await with(.exec(plugin), allowed: ["Bearer one"]) { client, server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 { group.addTask { _ = try await client.get("/version") } }
                try await group.waitForAll()
            }
            #expect(try folder.read("runs") == "run\n")
            #expect(try folder.read("seen") == "argument b\n")
            let url = await server.url
            #expect(
                try folder.read("info") == #"{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","#
                    + #""spec":{"cluster":{"server":"\#(url)"},"interactive":false}}"# + "\n")
            try folder.write("token", "two")
            server.allow(authorizations: ["Bearer two"])
            _ = try await client.get("/version")
            #expect(try folder.read("runs") == "run\nrun\n")
        }
    }

    @Test("a plugin is run again when what it printed has expired")
    func pluginExpiry() async throws {
        let folder = try TemporaryFolder()
        let time = "2020-01-01T00:00:00Z"
        let script = try folder.script(
            "login",
            """
            echo run >> "\(folder.path)/runs"
            echo '\(Self.credential(#""token":"t","expirationTimestamp":"\#(time)""#))'
            """)
        try await with(.exec(plugin(script)), allowed: ["Bearer t"]) { client, _ in
            _ = try await client.get("/version")
            _ = try await client.get("/version")
            #expect(try folder.read("runs") == "run\nrun\n")
        }
    }

    @Test(
        "what is wrong with a plugin is named, with what it wrote to standard error and no secret",
        arguments: [
            ("echo no 'password' >&2; exit 3", "ended with exited(3): no password"),
            ("sleep 60", "took longer than 0.3 seconds"),
            ("sleep 60 & wait", "took longer than 0.3 seconds"),
            ("trap '' TERM; while :; do sleep 1; done", "took longer than 0.3 seconds"),
            ("echo secret", "invalid output: must be JSON"), ("echo '{}'", "must be an ExecCredential"),
            (#"echo '{"kind":"ExecCredential","apiVersion":"v9"}'"#, "an ExecCredential of \"v9\" instead of"),
            ("echo '" + credential("") + "'", "neither a token nor a certificate"),
            ("echo '" + credential(#""clientKeyData":"secret""#) + "'", "only one of clientCertificateData"),
            (
                "echo '" + credential(#""token":"secret","expirationTimestamp":"soon""#) + "'",
                "invalid expirationTimestamp \"soon\": must be a time of RFC 3339"
            ),
            (
                "echo '" + credential(#""clientCertificateData":"secret","clientKeyData":"secret""#) + "'",
                "the client certificate is not PEM"
            ),
        ])
    func badPlugins(script: String, words: String) async throws {
        let folder = try TemporaryFolder()
        let path = try folder.script("login", script)
        var connection = ClusterConnection(server: try ServerAddress("https://127.0.0.1:1"), origin: "test")
        connection.credentials = .exec(plugin(path))
        var limits = ClientLimits.quick
        // Long enough for a busy machine to start a shell.
        limits.plugin = words.hasPrefix("took") ? .milliseconds(300) : .seconds(20)
        let client = APIClient(connection, version: "0", limits: limits)
        let start = ContinuousClock.now
        let text = await failure(client)
        #expect(text.contains(words), "\(text)")
        #expect(!text.contains("secret"))
        #expect(.now - start < .seconds(15))
        await client.shutdown()
    }

    @Test(
        "a plugin that is not there comes with the hint how to get it",
        arguments: ["/nowhere/login", "kubetables-no-such"])
    func missingPlugin(command: String) async throws {
        try await with(.exec(plugin(command)), allowed: []) { client, _ in
            #expect(await failure(client).contains("cannot be found: get it at example.org"))
        }
    }

    @Test("a reflector goes on with fresh credentials")
    func reflector() async throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("token", "old")
        try await Rig.run(
            before: {
                try $0.put(json: service("a"))
                $0.allow(authorizations: ["Bearer old"])
            }, connection: { $0.credentials = .token(.file(path)) }
        ) { rig in
            try await rig.expect("a")
            try await rig.expectWatch()
            rig.server.allow(authorizations: ["Bearer new"])
            rig.server.disturbWatches(of: .services, .close)
            try rig.server.put(json: service("b"))
            try await eventually("refused") { rig.warnings.contains { $0.contains("401") } }
            try folder.write("token", "new")
            try await rig.expect("a", "b")
            #expect(rig.server.counts(.services).lists == 1)
        }
    }
}

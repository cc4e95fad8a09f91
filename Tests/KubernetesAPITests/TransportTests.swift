// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import Synchronization
import TestAPIServer
import TestSupport
import Testing

@testable import KubernetesAPI

@Suite("What the network does", .serialized)
struct TransportTests {
    private func failure(_ server: String, _ limits: ClientLimits = .quick, proxy: ProxyAddress? = nil) async throws
        -> String
    {
        var connection = ClusterConnection(server: try ServerAddress(server), origin: "test")
        connection.proxy = proxy
        let client = APIClient(connection, version: "0", limits: limits)
        let text: String
        do throws(APIFailure) {
            _ = try await client.get("/version")
            text = "no failure"
        } catch {
            text = error.description
        }
        await client.shutdown()
        return text
    }

    @Test("a refused connection and an unknown name are said in plain words")
    func plainWords() async throws {
        #expect(try await failure("http://127.0.0.1:1") == "cannot be reached: connection refused")
        #expect(try await failure("https://127.0.0.1:1") == "cannot be reached: connection refused")
        #expect(
            try await failure("http://no-such-host.invalid:1")
                == "cannot be reached: unknown host name \"no-such-host.invalid\"")
    }

    @Test("each answer and each failure is reported for metrics, with the server and nothing else of the request")
    func events() async throws {
        let events = Mutex<[APIRequestEvent]>([])
        func ask(_ server: String) async throws {
            let client = APIClient(
                ClusterConnection(server: try ServerAddress(server), origin: "test"), version: "0", limits: .quick
            ) { event in events.withLock { $0.append(event) } }
            _ = try? await client.get("/version")
            await client.shutdown()
        }
        func kinds(_ host: String) -> [String] {
            events.withLock { events in
                events.filter { $0.host == host }.map { event in
                    if case .ended(let duration) = event.kind { return duration > .zero ? "ended" : "at once" }
                    return "\(event.kind)"
                }
            }
        }
        let server = try await RawServer(answer: "HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n")
        try await ask("http://127.0.0.1:\(server.port)")
        #expect(kinds("127.0.0.1:\(server.port)") == ["answered(status: 503)", "ended"])
        await server.stop()
        try await ask("http://127.0.0.1:1")
        #expect(kinds("127.0.0.1:1") == ["failed", "ended"])
    }

    @Test("a server without TLS is named as that")
    func noTLS() async throws {
        let server = try await RawServer(answer: "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        #expect(
            try await failure("https://127.0.0.1:\(server.port)")
                == "TLS failed: the server does not speak TLS; is its URL http://?")
        await server.stop()
    }

    @Test("an answer that stops in the middle is given up in time, bytes that trickle or not")
    func stalledBody() async throws {
        var limits = ClientLimits.quick
        limits.answer = .seconds(1)
        limits.silence = .seconds(100)
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"
        let server = try await RawServer(answer: head)
        let start = ContinuousClock.now
        #expect(
            try await failure("http://127.0.0.1:\(server.port)", limits)
                == "the connection broke: the answer was not complete after 1.0 seconds")
        #expect(.now - start < .seconds(10))
        await server.stop()
    }

    @Test(
        "an endless size of a chunk, extension or head is cut",
        arguments: [
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0", "0"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;", "x"),
            ("HTTP/1.1 200 OK\r\nX: ", "y"), ("HTTP/1.1 200 OK\r\n", "X: y\r\n"),
            ("", "HTTP/1.1 100 Continue\r\n\r\n"),
        ])
    func endlessFraming(answer: String, endless: String) async throws {
        var limits = ClientLimits.quick
        limits.answer = .seconds(60)
        let server = try await RawServer(answer: answer.isEmpty ? endless : answer, endless: endless)
        let start = ContinuousClock.now
        let text = try await failure("http://127.0.0.1:\(server.port)", limits)
        #expect(text != "no failure")
        #expect(.now - start < .seconds(20), "\(text)")
        await server.stop()
    }
}

@Suite("Proxies between us and the API")
struct ProxyAddressTests {
    private func proxy(_ server: String, _ environment: [String: String]) throws -> String? {
        try ProxyEnvironment(environment: environment).proxy(for: try ServerAddress(server))?.description
    }

    @Test("the variable is that of the server's scheme, in upper case or in lower")
    func variables() throws {
        #expect(try proxy("https://a", [:]) == nil)
        #expect(try proxy("https://a", ["HTTPS_PROXY": "http://p:3128"]) == "http://p:3128")
        #expect(try proxy("https://a", ["https_proxy": "p:3128"]) == "http://p:3128")
        #expect(try proxy("https://a", ["HTTPS_PROXY": "p", "https_proxy": "q"]) == "http://p:80")
        #expect(try proxy("https://a", ["HTTPS_PROXY": "", "https_proxy": "q"]) == "http://q:80")
        #expect(try proxy("https://a", ["HTTP_PROXY": "p"]) == nil)
        #expect(try proxy("http://a", ["HTTP_PROXY": "http://u:secret@[fd00::1]:1"]) == "http://[fd00::1]:1")
        #expect(try proxy("https://a", ["HTTPS_PROXY": "socks5://p"]) == "socks5://p:1080")
    }

    @Test(
        "what is no proxy is an error without its value",
        arguments: ["https://p", "ftp://secret", "http://", "http://p:0"])
    func malformed(value: String) throws {
        let error = #expect(throws: ProxyEnvironment.Malformed.self) { try proxy("https://a", ["https_proxy": value]) }
        #expect(error?.variable == "https_proxy")
        #expect(error?.message.contains("secret") == false)
    }

    @Test(
        "this machine is never reached by a proxy",
        arguments: ["localhost", "127.0.0.1", "127.1.2.3", "[::1]", "LOCALHOST"])
    func local(host: String) throws {
        #expect(try proxy("https://\(host):6443", ["HTTPS_PROXY": "p"]) == nil)
    }

    @Test(
        "NO_PROXY excludes",
        arguments: [
            ("api.example.com", "example.com", true), ("example.com", "example.com", true),
            ("badexample.com", "example.com", false), ("api.example.com", ".example.com", true),
            ("example.com", ".example.com", false), ("api.example.com", "*.example.com", true),
            ("example.com", "*.example.com", false), ("API.Example.Com", "EXAMPLE.com", true),
            ("10.96.0.1", "10.96.0.0/12", true), ("10.1.0.1", "10.96.0.0/12", false), ("10.96.0.1", "10.96.0.1", true),
            ("[fd00::1]", "fd00::/8", true), ("[fd00::1]", "[fd00::1]", true), ("[fd00::1]", "fd00::1", true),
            ("10.96.0.1", "*", true), ("a", "b, c ,a", true), ("a", "a:6443", true), ("a", "a:443", false),
            ("10.96.0.1", "10.96.0.1:6443", true), ("10.96.0.1", "10.96.0.1:443", false), ("a", ",,", false),
            ("kubernetes.default.svc", ".svc,.cluster.local", true), ("a", "", false),
        ])
    func exclusions(host: String, entries: String, isExcluded: Bool) throws {
        for name in ["NO_PROXY", "no_proxy"] {
            let found = try proxy("https://\(host):6443", ["HTTPS_PROXY": "p", name: entries])
            #expect((found == nil) == isExcluded, "\(host) \(entries)")
        }
    }

    @Test("a pod's account goes by the environment too, and a kubeconfig's proxy-url wins over it")
    func sources() throws {
        let folder = try TemporaryFolder()
        try folder.write("token", "t")
        try folder.write("ca.crt", "c")
        var environment = [
            "KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443", "HTTPS_PROXY": "p:1",
        ]
        var log = DiagnosticLog()
        func account() -> ServiceAccount { ServiceAccount(environment: environment, folder: folder.path) }
        #expect(ClusterConnection.find(account: account(), log: &log)?.proxy?.description == "http://p:1")
        let kubeconfig = try folder.write(
            "config",
            """
            current-context: x
            contexts: [{name: x, context: {cluster: c}}]
            clusters: [{name: c, cluster: {server: "https://a", proxy-url: "socks5://q"}}]
            """)
        #expect(
            ClusterConnection.find(kubeconfig: kubeconfig, account: account(), log: &log)?.proxy?.description
                == "socks5://q:1080")
        environment["NO_PROXY"] = "10.96.0.0/12"
        #expect(ClusterConnection.find(account: account(), log: &log)?.proxy == nil)
        #expect(!log.hasErrors)
        environment["NO_PROXY"] = nil
        environment["HTTPS_PROXY"] = "gopher://p"
        #expect(ClusterConnection.find(account: account(), log: &log) == nil)
        #expect(log.diagnostics.first?.description.hasPrefix("HTTPS_PROXY: invalid proxy: must be a URL") == true)
    }

    @Test("requests go to the proxy by CONNECT, with encryption and without, and its password is sent but not logged")
    func requests() async throws {
        for (server, expected) in [
            ("http://api.test:8080", "CONNECT api.test:8080 HTTP/1.1"),
            ("https://api.test:6443", "CONNECT api.test:6443 HTTP/1.1"),
        ] {
            let proxy = try await RawServer(answer: "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            var connection = ClusterConnection(server: try ServerAddress(server), origin: "test")
            connection.proxy = ProxyAddress("http://user:secret@127.0.0.1:\(proxy.port)")
            let client = APIClient(connection, version: "0", limits: .quick)
            let error = await #expect(throws: APIFailure.self) { try await client.get("/version") }
            #expect(error?.description.contains("secret") == false)
            await client.shutdown()
            #expect(proxy.firstRequest.hasPrefix(expected), "\(proxy.firstRequest)")
            #expect(proxy.firstRequest.contains("roxy-"), "\(proxy.firstRequest)")
            await proxy.stop()
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import KubernetesObjects
import TestSupport
import Testing

@testable import KubernetesAPI

@Suite("Kubeconfig files")
struct KubeconfigTests {
    private static let full = """
        apiVersion: v1
        kind: Config
        current-context: main
        preferences: {}
        clusters:
        - name: c
          cluster: {server: "https://10.0.0.1:6443", certificate-authority: pki/ca.crt, tls-server-name: api.example}
        - name: other
          cluster: {server: "http://[fd00::1]:8080/prefix/", insecure-skip-tls-verify: true}
        contexts:
        - name: main
          context: {cluster: c, user: u, namespace: x}
        - name: second
          context: {cluster: other, user: basic}
        - name: nobody
          context: {cluster: other}
        - name: plugin
          context: {cluster: c, user: plugin}
        users:
        - name: u
          user: {client-certificate: pki/u.crt, client-key: /abs/u.key, tokenFile: token, token: ignored}
        - name: basic
          user: {username: me, password: secret}
        - name: broken
          user: {auth-provider: {name: gcp}}
        - name: plugin
          user:
            exec:
              apiVersion: client.authentication.k8s.io/v1
              command: ./bin/login
              args: [get, token]
              env: [{name: A, value: "1"}]
              provideClusterInfo: true
              interactiveMode: IfAvailable
              installHint: install it
        """

    private func find(_ text: String, context: String? = nil, master: String? = nil) throws -> (
        connection: ClusterConnection?, messages: [String], folder: String
    ) {
        let folder = try TemporaryFolder()
        let path = try folder.write("config", text)
        var log = DiagnosticLog()
        let connection = ClusterConnection.find(kubeconfig: path, context: context, master: master, log: &log)
        let messages = log.diagnostics.map { $0.description.replacing(folder.path + "/", with: "") }
        return (connection, messages, folder.path)
    }

    @Test("the current context is used, and relative paths count from the file's folder")
    func currentContext() throws {
        let found = try find(Self.full)
        let connection = try #require(found.connection)
        #expect(connection.server.description == "https://10.0.0.1:6443")
        #expect(connection.trust == .authorities(.file("\(found.folder)/pki/ca.crt")))
        #expect(connection.serverName == "api.example")
        #expect(connection.credentials == .token(.file("\(found.folder)/token")))
        #expect(
            connection.clientCertificate
                == .init(certificate: .file("\(found.folder)/pki/u.crt"), key: .file("/abs/u.key")))
        #expect(found.messages.isEmpty)
    }

    @Test("another context can be named, and another address given")
    func otherContexts() throws {
        let second = try #require(try find(Self.full, context: "second").connection)
        #expect(second.server.description == "http://[fd00::1]:8080/prefix")
        #expect(second.trust == .anyone)
        #expect(second.credentials == .password(username: "me", password: "secret"))
        let nobody = try #require(try find(Self.full, context: "nobody", master: "https://example:1").connection)
        #expect(nobody.server.description == "https://example:1")
        #expect(nobody.credentials == .none)
    }

    @Test("an exec plugin is read")
    func exec() throws {
        let found = try find(Self.full, context: "plugin")
        guard case .exec(let plugin)? = found.connection?.credentials else {
            Issue.record("no plugin")
            return
        }
        #expect(plugin.command == "\(found.folder)/./bin/login")
        #expect(plugin.arguments == ["get", "token"])
        #expect(plugin.environment == [.init(name: "A", value: "1")])
        #expect(plugin.wantsClusterInfo)
        #expect(plugin.installHint == "install it")
    }

    @Test("data in the file wins over paths")
    func data() throws {
        let pem = "-----BEGIN X-----\n"
        let data = Data(pem.utf8).base64EncodedString()
        let found = try find(
            minimal(cluster: "server: https://a, certificate-authority-data: \(data), certificate-authority: x"))
        #expect(found.connection?.trust == .authorities(.bytes(Array(pem.utf8))))
    }

    private func minimal(cluster: String = "server: https://a", user: String = "token: t") -> String {
        """
        current-context: x
        contexts: [{name: x, context: {cluster: c, user: u}}]
        clusters: [{name: c, cluster: {\(cluster)}}]
        users: [{name: u, user: {\(user)}}]
        """
    }

    @Test("JSON is read too")
    func json() throws {
        let text = """
            {"current-context":"x","contexts":[{"name":"x","context":{"cluster":"c"}}],
             "clusters":[{"name":"c","cluster":{"server":"http://a"}}]}
            """
        #expect(try find(text).connection?.server.description == "http://a:80")
    }

    @Test(
        "what is wrong is named, with its field and what would be right",
        arguments: [
            ("", "holds no kubeconfig; it must hold one, of kind Config"),
            ("a: b\n---\nc: d", "holds 2 documents; it must hold one"),
            ("- a", "must be a mapping, not a list"),
            ("kind: Pod", "kind: unsupported value \"Pod\" (supported: Config)"),
            ("apiVersion: v2", "apiVersion: unsupported value \"v2\" (supported: v1)"),
            ("a: [", "line 2, column 1: invalid YAML"),
            (
                "contexts: [{name: a}, {name: b}]",
                "current-context: is missing; set it, or name a context: \"a\", \"b\""
            ),
            ("current-context: x", "contexts: has no element with the name \"x\"; there are: none"),
            ("current-context: x\ncontexts: [{name: x}]", "contexts[0].context: is missing"),
            ("current-context: x\ncontexts: [{name: x, context: {}}]", "contexts[0].context.cluster: is missing"),
            (
                "current-context: x\ncontexts: [{name: x, context: {cluster: c}}]\nclusters: [{name: d}]",
                "clusters: has no element with the name \"c\"; there are: \"d\""
            ),
        ])
    func structure(text: String, message: String) throws {
        let found = try find(text)
        #expect(found.connection == nil)
        #expect(found.messages.contains { $0.hasPrefix("config") && $0.contains(message) }, "\(found.messages)")
    }

    @Test(
        "what is wrong with the cluster is named",
        arguments: [
            ("{}", "the cluster \"c\" has no server; it must be a URL"),
            (
                "server: 10.0.0.1:6443",
                "invalid URL \"10.0.0.1:6443\": must be that of an API server, for example https://10.0.0.1:6443"
            ),
            ("server: ftp://a", "invalid URL \"ftp://a\": must be that of an API server"),
            ("server: https://u:p@a", "must have only scheme, host, port and path"),
            ("server: https://a, proxy-url: ftp://p", "clusters[0].cluster.proxy-url: invalid proxy: must be a URL"),
            (
                "server: https://a, insecure-skip-tls-verify: true, certificate-authority: x",
                "clusters[0].cluster.insecure-skip-tls-verify: is true although there is a certificate-authority"
            ),
            ("server: https://a, insecure-skip-tls-verify: maybe", "must be true or false, not the string \"maybe\""),
            (
                "server: https://a, certificate-authority-data: '%%%'",
                "clusters[0].cluster.certificate-authority-data: must be PEM in base64"
            ),
        ])
    func clusters(fields: String, message: String) throws {
        let found = try find(minimal(cluster: fields == "{}" ? "" : fields))
        #expect(found.connection == nil)
        #expect(found.messages.contains { $0.contains(message) }, "\(found.messages)")
    }

    @Test(
        "what is wrong with the user is named, without a word of a secret",
        arguments: [
            ("auth-provider: {name: gcp}", "users[0].user.auth-provider: is not supported"),
            ("as: somebody", "users[0].user.as: impersonation is not supported"),
            ("client-certificate: x", "users[0].user.client-key: is missing"),
            ("token: t, username: u", "users[0].user: has token and username; only one of them can be used"),
            ("password: '77'", "users[0].user.username: is missing"),
            ("username: u, password: 77", "users[0].user.password: must be a string; put it in quotes"),
            ("client-key-data: Nzc3", "users[0].user.client-key-data: must be PEM in base64"),
            ("exec: {command: x}", "users[0].user.exec.apiVersion: is missing"),
            (
                "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}",
                "(supported: client.authentication.k8s.io/v1, client.authentication.k8s.io/v1beta1)"
            ),
            ("exec: {apiVersion: client.authentication.k8s.io/v1}", "users[0].user.exec.command: is missing"),
            (
                "exec: {apiVersion: client.authentication.k8s.io/v1, command: x}",
                "users[0].user.exec.interactiveMode: is missing; it must be Never or IfAvailable"
            ),
            (
                "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: x, interactiveMode: Always}",
                "a daemon has no terminal"
            ),
            (
                "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: x, env: [{value: y}]}",
                "users[0].user.exec.env[0].name: is missing"
            ),
        ])
    func users(fields: String, message: String) throws {
        let found = try find(minimal(user: fields))
        #expect(found.connection == nil)
        #expect(found.messages.contains { $0.contains(message) }, "\(found.messages)")
        #expect(!found.messages.contains { $0.contains("77") || $0.contains("Nzc3") })
    }

    @Test("a file that is not there is named")
    func missing() {
        var log = DiagnosticLog()
        #expect(ClusterConnection.find(kubeconfig: "/nowhere/config", log: &log) == nil)
        #expect(
            log.diagnostics.map(\.description) == ["/nowhere/config: cannot be read: No such file or directory"])
    }
}

@Suite("Other ways to the API")
struct OtherConnectionTests {
    @Test("an address alone is enough")
    func master() {
        var log = DiagnosticLog()
        let connection = ClusterConnection.find(master: "http://localhost:8080", log: &log)
        #expect(connection?.server.description == "http://localhost:8080")
        #expect(ClusterConnection.find(master: "localhost", log: &log) == nil)
        #expect(log.diagnostics.first?.description.hasPrefix("--master: invalid URL \"localhost\"") == true)
    }

    @Test("a pod finds its account, or says what it lacks")
    func account() throws {
        let folder = try TemporaryFolder()
        let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
        let account = ServiceAccount(environment: environment, folder: folder.path)
        var log = DiagnosticLog()
        #expect(ClusterConnection.find(account: account, log: &log) == nil)
        #expect(log.diagnostics.count == 2)
        #expect(log.diagnostics.allSatisfy { $0.message.contains("automountServiceAccountToken") })
        try folder.write("token", "t")
        try folder.write("ca.crt", "c")
        log = DiagnosticLog()
        let connection = try #require(ClusterConnection.find(account: account, log: &log))
        #expect(connection.server.description == "https://[fd00::1]:443")
        #expect(connection.trust == .authorities(.file("\(folder.path)/ca.crt")))
        #expect(connection.credentials == .token(.file("\(folder.path)/token")))
        #expect(ClusterConnection.find(account: ServiceAccount(environment: [:]), log: &log) == nil)
        #expect(log.diagnostics.last?.message.contains("--kubeconfig or --master") == true)
    }
}

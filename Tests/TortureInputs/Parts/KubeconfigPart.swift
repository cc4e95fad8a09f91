// SPDX-License-Identifier: Apache-2.0

import KubernetesAPI
import KubernetesObjects

/// kubeconfig files.
final class KubeconfigPart: InputPart {
    let seeds: [[UInt8]]
    let vocabulary: [[UInt8]]
    private let file = InputFile()

    init() {
        seeds = Self.samples.map { Array($0.utf8) }
        vocabulary = Vocabulary.bytes(Self.words) + Vocabulary.objects.suffix(60)
    }

    func run(_ input: [UInt8]) throws(Finding) -> Behaviour {
        var behaviour = Behaviour()
        var log = DiagnosticLog()
        file.write(input)
        let configuration = Kubeconfig.read(path: file.path, log: &log)
        try MessageCheck.run(log.diagnostics)
        for diagnostic in log.diagnostics.prefix(50) { behaviour.add("\(diagnostic.field) \(diagnostic.message)") }
        guard let configuration else { return behaviour }
        behaviour.isAccepted = true
        behaviour.add("\(configuration.user.exec == nil) \(configuration.cluster.skipsVerification)")
        do throws(ServerAddress.Malformed) {
            if let server = configuration.cluster.server { _ = try ServerAddress(server) }
        } catch {
            try MessageCheck.run(error.message)
            behaviour.add(error.message)
        }
        return behaviour
    }

    private static let words = [
        "apiVersion", "kind", "Config", "v1", "clusters", "cluster", "name", "server", "certificate-authority",
        "certificate-authority-data", "insecure-skip-tls-verify", "tls-server-name", "extensions", "extension",
        "contexts",
        "context", "user", "users", "current-context", "client-certificate", "client-certificate-data", "client-key",
        "client-key-data", "token", "tokenFile", "username", "password", "exec", "command", "args", "env", "value",
        "provideClusterInfo", "installHint", "interactiveMode", "Never", "IfAvailable", "Always", "proxy-url",
        "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1", "https://10.0.0.1:6443",
        "http://[::1]:8080",
        "https://u:p@h/?q#f", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==", "auth-provider", "as", "preferences",
        "../ca.crt",
    ]
    private static let samples = [
        """
        apiVersion: v1
        kind: Config
        clusters:
        - name: kind
          cluster: {server: "https://127.0.0.1:6443", certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg==}
        contexts:
        - name: admin
          context: {cluster: kind, user: admin, namespace: default}
        current-context: admin
        users:
        - name: admin
          user: {token: c2VjcmV0}
        """,
        """
        apiVersion: v1
        kind: Config
        clusters:
        - name: a
          cluster:
            server: http://localhost:8080/prefix
            tls-server-name: api
            extensions:
            - name: client.authentication.k8s.io/exec
              extension: {a: [1, 2.5, null, true]}
        contexts: [{name: b, context: {cluster: a, user: c}}]
        current-context: b
        users:
        - name: c
          user:
            exec:
              apiVersion: client.authentication.k8s.io/v1
              command: ./plugin
              args: [get-token, "--x"]
              env: [{name: A, value: b}]
              interactiveMode: Never
              provideClusterInfo: true
        """,
        """
        {"clusters": [{"name": "x", "cluster": {"server": "https://[fd00::1]", "insecure-skip-tls-verify": true}}],
         "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}], "current-context": "x",
         "users": [{"name": "x", "user": {"client-certificate": "/a.crt", "client-key": "a.key"}}]}
        """,
        """
        clusters: [{name: x, cluster: {server: "https://h", certificate-authority: ca.crt}}]
        contexts: [{name: x, context: {cluster: x, user: x}}]
        current-context: x
        users: [{name: x, user: {username: u, password: c2VjcmV0}}]
        """,
    ]
}

// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// A commit that the kernel answers with an error, once: what strace lets it answer.
@Suite("A passing error of a commit", .needsKernel) struct CommitErrorTests {
    private static let objects = """
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: shop}
        spec:
          clusterIP: 10.96.0.10
          sessionAffinity: ClientIP
          ports: [{name: http, port: 80}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: empty, namespace: shop}
        spec: {clusterIP: 10.96.0.11, ports: [{name: http, port: 80}]}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
        addressType: IPv4
        ports: [{name: http, port: 8080}]
        endpoints: [{addresses: [10.244.1.1]}, {addresses: [10.244.1.2]}]

        """

    @Test(
        "does not make worse rules: apply ends with the whole rules in force",
        arguments: ["EINVAL", "EINTR", "EBUSY", "EIO", "EFAULT", "ENOENT"])
    func injected(error: String) throws {
        let node = try NetworkNamespace()
        let folder = try TemporaryFolder()
        let file = try folder.write("objects.yaml", Self.objects)
        let manifests = ["-f", file, "--hostname-override", "n1", "--ip-family", "ipv4"]
        // A commit is two calls: the rules, then the counters. There are two tables, filter first.
        for call in 1...4 {
            let strace = [
                "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=setsockopt",
                "-e", "inject=setsockopt:error=\(error):when=\(call)",
            ]
            let applied = try node.attempt(strace + [Repository.tool, "apply"] + manifests)
            #expect(applied.status == 0, "call \(call): \(applied.errors)")
            let verified = try node.attempt([Repository.tool, "verify"] + manifests)
            #expect(verified.status == 0, "call \(call): \(verified.output)")
            try node.run("iptables-legacy", "-t", "nat", "-F")
            try node.run("iptables-legacy", "-t", "nat", "-X")
            try node.run("iptables-legacy", "-F")
            try node.run("iptables-legacy", "-X")
        }
    }
}

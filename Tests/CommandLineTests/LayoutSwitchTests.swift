// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// Changes of the layout of the rules while clients make connections.
@Suite(.needsKernel) struct LayoutSwitchTests {
    private let lab: Lab
    private let folder: TemporaryFolder

    init() throws {
        lab = try Lab(pods: ["pod-1=10.244.1.11", "pod-2=10.244.1.12", "client-pod=10.244.1.5"])
        for pod in ["pod-1", "pod-2"] { try lab.serve(pod, port: 8080) }
        folder = try TemporaryFolder()
    }

    private static let objects = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          type: NodePort
          clusterIP: 10.96.0.80
          ports: [{port: 80, nodePort: 30080, targetPort: 8080}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
        addressType: IPv4
        ports: [{port: 8080}]
        endpoints: [{addresses: [10.244.1.11]}, {addresses: [10.244.1.12]}]

        """

    private func configure(_ layout: String) throws {
        // As an editor does it: the file is never half of one.
        let new = try folder.write(
            "new.conf",
            """
            apiVersion: kubeproxy.config.k8s.io/v1alpha1
            kind: KubeProxyConfiguration
            hostnameOverride: node-1
            clusterCIDR: 10.244.0.0/16
            ruleLayout: \(layout)

            """)
        #expect(rename(new, "\(folder.path)/config.conf") == 0)
    }

    /// How many connections each client makes with one layout, at least.
    private static let connectionsEach = 10

    private func waitForClients(_ clients: [BackgroundProcess], connections: Int) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while clients.contains(where: { $0.output.split(separator: "\n").count < connections }) {
            try #require(ContinuousClock.now < deadline, "clients get no further: \(clients.map(\.output))")
            usleep(20_000)
        }
    }

    @Test("in a running loop refuse no connection, and clean up after both")
    func connections() throws {
        try FileManager.default.createDirectory(atPath: "\(folder.path)/manifests", withIntermediateDirectories: true)
        _ = try folder.write("manifests/web.yaml", Self.objects)
        try configure("kube-proxy")
        let program = try lab.start(
            "node",
            [
                Repository.tool, "run", "--config", "\(folder.path)/config.conf", "--manifests",
                "\(folder.path)/manifests", "--ip-family", "ipv4", "--lock-file", "\(folder.path)/lock",
                "--owner-lock-file", "\(folder.path)/owner", "--iptables-min-sync-period", "0s",
            ])
        try program.waitForErrors(containing: "start: IPv4")
        let clients = try [("client", "192.168.50.10:30080"), ("client-pod", "10.96.0.80:80")].map { host, address in
            try lab.start(
                host,
                [
                    "bash", "-c",
                    """
                    while [[ ! -e $2 ]]; do curl -s -o /dev/null --max-time 2 "http://$1/" && echo good || echo bad; done
                    """, "bash", address, "\(folder.path)/end",
                ])
        }
        for (count, layout) in ["flat", "kube-proxy", "flat", "kube-proxy", "flat"].enumerated() {
            try configure(layout)
            try program.waitForErrors(containing: "node or options changed: IPv4", count: count + 1)
            try waitForClients(clients, connections: (count + 1) * Self.connectionsEach)
        }
        _ = try folder.write("end", "")
        for client in clients {
            #expect(try client.wait() == 0)
            #expect(!client.output.contains("bad"))
        }
        let flat = try lab.run("node", ["iptables-legacy-save", "-t", "nat"])
        #expect(flat.contains(":KUBE-CLUSTER-IPS ") && !flat.contains("KUBE-SEP-"))
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
        _ = try lab.run(
            "node",
            [Repository.tool, "cleanup", "--ip-family", "ipv4", "--lock-file", "\(folder.path)/lock", "--force"])
        #expect(try !lab.run("node", ["iptables-legacy-save", "-t", "nat"]).contains("KUBE-"))
    }
}

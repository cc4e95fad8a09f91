// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// The DaemonSet's container as a kubelet would start it: its arguments, volumes and privileges, beside an API server.
@Suite(.needsKernel) struct ClusterTests {
    private let folder: TemporaryFolder
    private let node: NetworkNamespace
    private let certificates: TestCertificates
    private let server: BackgroundProcess
    private let url: String

    private static let token = "the-token-of-the-account"

    init() throws {
        folder = try TemporaryFolder()
        node = try NetworkNamespace()
        certificates = try TestCertificates()
        let objects = try folder.write("objects.json", Self.objects)
        server = try node.start(
            [
                Repository.products.appending(path: "test-api-server").path, "--listen", "127.0.0.1:0",
                "--objects", objects, "--token", Self.token,
                "--certificate", certificates.path("address.crt"), "--key", certificates.path("address.key"),
            ])
        url = try server.waitForOutput(after: "listening on ")
        // As the kubelet lays out the ConfigMap that kubeadm makes, and the account of the pod.
        try folder.write("configuration/config.conf", Self.configuration)
        try folder.write("configuration/kubeconfig.conf", Self.kubeconfig(server: url))
        try folder.write("account/token", Self.token)
        try folder.write("account/ca.crt", try certificates.folder.read("ca.crt"))
        try folder.write("xtables.lock", "")
        try FileManager.default.createDirectory(atPath: "\(folder.path)/owner", withIntermediateDirectories: false)
    }

    private static let objects = """
        {"apiVersion": "v1", "kind": "List", "items": [
         {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1"},
          "status": {"addresses": [{"type": "InternalIP", "address": "192.168.50.10"}]}},
         {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "default"},
          "spec": {"clusterIP": "10.96.0.10", "ports": [{"port": 80, "protocol": "TCP"}]}},
         {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
          "metadata": {"name": "web-1", "namespace": "default", "labels": {"kubernetes.io/service-name": "web"}},
          "ports": [{"port": 8080, "protocol": "TCP"}], "endpoints": [{"addresses": ["10.244.0.1"]}]}]}
        """

    private static let configuration = """
        apiVersion: kubeproxy.config.k8s.io/v1alpha1
        kind: KubeProxyConfiguration
        bindAddress: 0.0.0.0
        clientConnection:
          kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
        clusterCIDR: 10.244.0.0/16
        mode: iptables
        """

    /// kubeadm's: the credentials are those of the pod's account.
    private static func kubeconfig(server: String) -> String {
        """
        apiVersion: v1
        kind: Config
        clusters:
        - cluster:
            certificate-authority: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
            server: \(server)
          name: default
        contexts:
        - context:
            cluster: default
            namespace: default
            user: default
          name: default
        current-context: default
        users:
        - name: default
          user:
            tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token
        """
    }

    /// The container that a manifest describes, with the machine's side of its volumes in the test's folder.
    private func container(_ pod: DaemonSet.Pod, _ container: PodContainer) throws -> Container {
        var result = Container()
        result.capabilities = container.securityContext?.capabilities?.add?.map { $0.lowercased() } ?? []
        for mount in container.volumeMounts ?? [] {
            let volume = try #require(pod.volumes?.first { $0.name == mount.name })
            let source =
                switch (volume.configMap?.name, volume.hostPath?.path, volume.hostPath?.type) {
                case ("kube-proxy", nil, nil): "\(folder.path)/configuration"
                case (nil, "/run/xtables.lock", "FileOrCreate"): "\(folder.path)/xtables.lock"
                case (nil, "/run/kubetables", "DirectoryOrCreate"): "\(folder.path)/owner"
                default: throw ProcessFailure(description: "unexpected volume \(volume.name)")
                }
            result.volumes.append(
                .init(source: source, target: mount.mountPath, isReadOnly: mount.readOnly ?? false))
        }
        result.volumes.append(
            .init(
                source: "\(folder.path)/account", target: "/var/run/secrets/kubernetes.io/serviceaccount",
                isReadOnly: true))
        return result
    }

    private func curl(_ url: String, _ options: String...) throws -> String {
        let result = try node.attempt(
            ["curl", "-sS", "--fail", "--max-time", "10", "--cacert", certificates.path("ca.crt"), url] + options)
        return try #require(result.status == 0 ? result.output : nil, "\(url): \(result.errors)")
    }

    @Test func theContainerServesTheClusterAndAsksForWhatItsRoleAllows() throws {
        let daemonSet: DaemonSet = try Deploy.yaml("kubernetes/daemon-set.yaml")
        let described = try #require(daemonSet.pod.containers?.first)
        let command = try #require(described.command)
        #expect(command.first == "/usr/local/bin/kubetables")
        let arguments = (command.dropFirst() + (described.args ?? []))
            .map { $0.replacingOccurrences(of: "$(NODE_NAME)", with: "node-1") }
        let program = try node.start(try container(daemonSet.pod, described).command(Array(arguments)))
        try program.waitForErrors(containing: "start: IPv4", limit: .seconds(30))
        #expect(try node.run("iptables-legacy-save", "-t", "nat").contains("--to-destination 10.244.0.1:8080"))
        #expect(!program.errors.contains(" error "), "\(program.errors)")
        let liveness = try #require(described.livenessProbe).httpGet
        #expect(try curl("http://127.0.0.1:\(liveness.port)\(liveness.path)").contains("\"healthy\":true"))
        let readiness = try #require(described.readinessProbe).httpGet
        try program.waitForErrors(containing: "start: IPv6", limit: .seconds(30))
        #expect(try curl("http://127.0.0.1:\(readiness.port)\(readiness.path)") == "ok\n")

        // Everything it ever asks for: lists, watches, and what it does when a watch breaks.
        for resource in Statistics.resources {
            _ = try curl("\(url)/control/watches?resource=\(resource)&do=drop", "-X", "POST")
        }
        let deadline = ContinuousClock.now + .seconds(30)
        while try statistics().fewestWatches < 2 {
            try #require(ContinuousClock.now < deadline, "watches that broke were not begun again")
            usleep(50_000)
        }
        let role: ClusterRole = try Deploy.yaml("kubernetes/cluster-role.yaml")
        #expect(try statistics().access == role.access)
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
    }

    @Test("a container without the right to list is alive, but never ready, so that a rollout stops")
    func missingRights() throws {
        try folder.write("account/token", "the token of another account")
        let daemonSet: DaemonSet = try Deploy.yaml("kubernetes/daemon-set.yaml")
        let described = try #require(daemonSet.pod.containers?.first)
        let arguments = ((described.command ?? []).dropFirst() + (described.args ?? []))
            .map { $0.replacingOccurrences(of: "$(NODE_NAME)", with: "node-1") }
        let program = try node.start(try container(daemonSet.pod, described).command(Array(arguments)))
        try program.waitForErrors(containing: "stays in force", limit: .seconds(30))
        func answer(_ probe: PodContainer.Probe?) throws -> String {
            let get = try #require(probe).httpGet
            return try node.run("curl", "-sS", "-w", "%{http_code}", "http://127.0.0.1:\(get.port)\(get.path)")
        }
        #expect(try answer(described.livenessProbe).hasSuffix("200"))
        let readiness = try answer(described.readinessProbe)
        #expect(readiness.hasPrefix("not ready\nIPv4: no rules have been applied yet: waiting for a complete list of"))
        #expect(readiness.hasSuffix("503"))
        program.signal(SIGTERM)
        #expect(try program.wait() == 0)
    }

    /// What the server says of the requests it got.
    private struct Statistics: Decodable {
        struct Counts: Decodable {
            let watches: Int
        }

        static let resources = ["services", "endpointslices", "nodes"]

        let access: Set<String>
        let services: Counts
        let endpointslices: Counts
        let nodes: Counts

        var fewestWatches: Int { min(services.watches, endpointslices.watches, nodes.watches) }
    }

    private func statistics() throws -> Statistics {
        try JSONDecoder().decode(Statistics.self, from: Data(try curl("\(url)/control/stats").utf8))
    }
}

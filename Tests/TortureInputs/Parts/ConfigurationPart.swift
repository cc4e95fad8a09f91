// SPDX-License-Identifier: Apache-2.0

import Foundation
import KubernetesObjects
import ProxyConfiguration
import RuleCompiler
import ServiceModel

/// KubeProxyConfiguration files; what they set is compiled with, so that no value of them makes other rules than it means.
final class ConfigurationPart: InputPart {
    let seeds: [[UInt8]]
    let vocabulary: [[UInt8]]
    private let file = InputFile()
    private let objects: ClusterObjects
    private var compilation = CompilationCheck()

    init(_ corpus: Corpus) {
        seeds =
            corpus.files(["kubeadm"], suffix: "") + corpus.files(["features"], suffix: "config.yaml")
            + Self.more.map { Array($0.utf8) }
        vocabulary = Vocabulary.bytes(Self.words) + Vocabulary.objects.suffix(60)
        var reader = ManifestReader()
        reader.read(Array(Self.sample.utf8), file: "sample")
        objects = reader.objects
    }

    func run(_ input: [UInt8]) throws(Finding) -> Behaviour {
        var behaviour = Behaviour()
        var log = DiagnosticLog()
        file.write(input)
        let options = ProxyOptions.read(path: file.path, log: &log)
        try MessageCheck.run(log.diagnostics)
        for diagnostic in log.diagnostics.prefix(50) { behaviour.add("\(diagnostic.field) \(diagnostic.message)") }
        guard let options else { return behaviour }
        behaviour.isAccepted = true
        for warning in options.warnings {
            try MessageCheck.run(warning)
            behaviour.add(warning)
        }
        let node = options.node(named: options.hostname ?? "node-1", object: SampleSettings.node)
        let settings: CompilerSettings
        do {
            settings = try options.settings(node: node, interfaceAddresses: SampleSettings.node.addresses)
        } catch {
            try MessageCheck.run("\(error)")
            behaviour.add("\(error)")
            return behaviour
        }
        try compilation.run(objects, settings, &behaviour)
        return behaviour
    }

    private static let words = [
        "apiVersion", "kind", "kubeproxy.config.k8s.io/v1alpha1", "KubeProxyConfiguration", "ConfigMap", "data",
        "config.conf", "bindAddress", "bindAddressHardFail", "clientConnection", "kubeconfig", "clusterCIDR",
        "configSyncPeriod", "conntrack", "maxPerCore", "min", "tcpBeLiberal", "tcpCloseWaitTimeout",
        "tcpEstablishedTimeout", "udpStreamTimeout", "udpTimeout", "detectLocal", "bridgeInterface",
        "interfaceNamePrefix", "detectLocalMode", "ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix",
        "healthzBindAddress", "hostnameOverride", "iptables", "localhostNodePorts", "masqueradeAll", "masqueradeBit",
        "minSyncPeriod", "syncPeriod", "ipvs", "mode", "metricsBindAddress", "nodePortAddresses", "primary",
        "oomScoreAdj", "featureGates", "logging", "format", "verbosity", "30s", "1h2m3.5s", "-1s", "10.244.0.0/16",
        "10.244.0.0/16,fd00::/56", "0.0.0.0:10256", "[::]:10249", "veth\"", "cali+", "eth0 -j DROP", "a/b",
    ]
    private static let more = [
        """
        apiVersion: kubeproxy.config.k8s.io/v1alpha1
        kind: KubeProxyConfiguration
        detectLocalMode: BridgeInterface
        detectLocal: {bridgeInterface: cbr0}
        nodePortAddresses: [primary]
        """,
        """
        apiVersion: v1
        kind: ConfigMap
        data:
          config.conf: |-
            apiVersion: kubeproxy.config.k8s.io/v1alpha1
            kind: KubeProxyConfiguration
            detectLocalMode: InterfaceNamePrefix
            detectLocal: {interfaceNamePrefix: veth}
            clusterCIDR: "10.244.0.0/16,fd00:10:244::/56"
        """,
    ]
    private static let sample = """
        {"apiVersion": "v1", "kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
         "spec": {"type": "LoadBalancer", "clusterIP": "10.96.0.10", "externalTrafficPolicy": "Local",
          "ports": [{"port": 80, "nodePort": 30080}]}, "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.9"}]}}},
        {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
         "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}}, "ports": [{"port": 8080}],
         "endpoints": [{"addresses": ["10.244.1.2"], "nodeName": "node-1"}, {"addresses": ["10.244.2.2"]}]}]}
        """
}

/// A file that a reader of files gets; it lies in memory.
final class InputFile {
    private let descriptor: Int32
    let path: String

    init() {
        path = "/dev/shm/torture-\(getpid())"
        descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        precondition(descriptor >= 0, "cannot write to /dev/shm")
    }

    deinit {
        close(descriptor)
        unlink(path)
    }

    func write(_ bytes: [UInt8]) {
        _ = ftruncate(descriptor, 0)
        _ = pwrite(descriptor, bytes, bytes.count, 0)
    }
}

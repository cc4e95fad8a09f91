import Foundation
import KubernetesObjects
import NetworkTypes
import Testing

@testable import ProxyConfiguration

/// What configuration files say, and what is said about them.
@Suite struct ConfigurationFileTests {
    private let kubeadm = """
        apiVersion: kubeproxy.config.k8s.io/v1alpha1
        kind: KubeProxyConfiguration
        clientConnection: {acceptContentTypes: "", kubeconfig: /var/lib/kube-proxy/kubeconfig.conf, qps: 0}
        clusterCIDR: 10.244.0.0/16
        configSyncPeriod: 0s
        conntrack: {maxPerCore: null, tcpBeLiberal: true, udpTimeout: 0s}
        detectLocalMode: ""
        healthzBindAddress: ""
        iptables:
          masqueradeAll: true
          masqueradeBit: 15
          minSyncPeriod: 0s
        nodePortAddresses: null
        oomScoreAdj: null
        """

    private func read(_ text: String) -> (ProxyOptions?, [String]) {
        var log = DiagnosticLog()
        let configuration = ProxyOptions.read(Array(text.utf8), file: "c", log: &log)
        return (configuration, log.diagnostics.map { "\($0.severity): \($0)" })
    }

    private var expected: ProxyOptions {
        var expected = ProxyOptions()
        expected.clusterCIDRs = [CIDR("10.244.0.0/16")].compactMap(\.self)
        expected.masqueradeAll = true
        expected.masqueradeBit = 15
        expected.conntrackTCPBeLiberal = true
        expected.conntrackUDPTimeout = .zero
        expected.kubeconfig = "/var/lib/kube-proxy/kubeconfig.conf"
        return expected
    }

    @Test func emptyFieldsSayNothing() {
        let (configuration, diagnostics) = read(kubeadm)
        #expect(configuration == expected)
        #expect(diagnostics.isEmpty)
    }

    @Test func kubeadmsConfigMapIsReadToo() {
        let indented = kubeadm.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
        let (configuration, diagnostics) = read(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-proxy}\ndata:\n  kubeconfig.conf: x\n"
                + "  config.conf: |-\n\(indented)\n")
        #expect(configuration == expected)
        #expect(diagnostics.isEmpty)
    }

    @Test func unknownFieldsAreWarnedAboutAndPassedOver() {
        let (configuration, diagnostics) = read(
            kubeadm.replacingOccurrences(of: "oomScoreAdj", with: "oomScore")
                .replacingOccurrences(of: "  masqueradeBit: 15", with: "  masqueradeBit: 15\n  masquerade: 1"))
        #expect(configuration == expected)
        #expect(
            diagnostics == [
                "warning: c: document 1: KubeProxyConfiguration: iptables.masquerade: is no field of "
                    + "KubeProxyConfiguration and is passed over",
                "warning: c: document 1: KubeProxyConfiguration: oomScore: is no field of KubeProxyConfiguration and is "
                    + "passed over",
            ])
    }

    @Test func everyMistakeIsToldWithItsField() {
        let header = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
        let mistakes: [(String, String)] = [
            ("mode: ipvs", "mode: “ipvs” is not made here; write iptables, or leave it out"),
            ("mode: nftables", "mode: “nftables” is not made here; write iptables, or leave it out"),
            (
                "iptables: {masqueradeBit: 32}",
                "iptables.masqueradeBit: 32 is no bit of a packet mark; it must be from 0 to 31"
            ),
            ("iptables: {masqueradeBit: x}", "iptables.masqueradeBit: the text \"x\" is not a whole number"),
            (
                "iptables: {syncPeriod: never}",
                "iptables.syncPeriod: \"never\" is not a duration such as 30s, 1m30s or 500ms"
            ),
            ("conntrack: {min: -1}", "conntrack.min: -1 is no number of connections; it must be from 0 to 2147483647"),
            ("conntrack: 5", "conntrack: the integer 5 is not a mapping"),
            ("bindAddress: localhost", "bindAddress: “localhost” is no IP address"),
            (
                "healthzBindAddress: here",
                "healthzBindAddress: “here” is nowhere to listen; write ADDRESS:PORT, as in 0.0.0.0:10256 or [::]:10256"
            ),
            (
                "clusterCIDR: 10.0.0.0",
                "clusterCIDR: “10.0.0.0” is no range of addresses; write ADDRESS/LENGTH, as in 10.244.0.0/16"
            ),
            (
                "clusterCIDR: 10.0.0.0/8,10.1.0.0/16",
                "clusterCIDR: at most one range of each IP family can be given, as in 10.244.0.0/16,fd00:10::/56"
            ),
            (
                "detectLocalMode: Guess",
                "detectLocalMode: “Guess” is unknown; it must be one of ClusterCIDR, NodeCIDR, BridgeInterface, "
                    + "InterfaceNamePrefix"
            ),
            (
                "nodePortAddresses: [primary, 10.0.0.0/8]",
                "nodePortAddresses: “primary” stands alone; it cannot be combined with ranges"
            ),
            ("oomScoreAdj: 1001", "oomScoreAdj: 1001 is not from -1000 to 1000"),
            ("logging: {format: xml}", "logging.format: “xml” is unknown; it must be text or json"),
            (
                "logging: {flushFrequency: -5}",
                "logging.flushFrequency: -5 is not a duration such as 30s, 1m30s or 500ms"
            ),
            ("featureGates: {A: maybe}", "featureGates.A: the text \"maybe\" is neither true nor false"),
            ("ipvs: {strictARP: 1}", "ipvs.strictARP: the integer 1 is neither true nor false"),
            ("clientConnection: {burst: -1}", "clientConnection.burst: -1 is not from 0 to 2147483647"),
        ]
        for (text, message) in mistakes {
            let (options, diagnostics) = read(header + text)
            #expect(options == nil, "\(text)")
            #expect(diagnostics == ["error: c: document 1: KubeProxyConfiguration: \(message)"])
        }
        let (options, diagnostics) = read(
            header + mistakes.prefix(3).map(\.0).joined(separator: "\n").replacing("mode: nftables\n", with: ""))
        #expect(options == nil)
        #expect(diagnostics.count == 2)
    }

    @Test(arguments: [
        ("", "error: c: holds no KubeProxyConfiguration; it must hold one"),
        (
            "apiVersion: v1\nkind: Service",
            "error: c: document 1: Service: is neither a KubeProxyConfiguration of kubeproxy.config.k8s.io/v1alpha1 "
                + "nor a ConfigMap that holds one"
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\ndata: {x: y}",
            "error: c: document 1: ConfigMap: data: has none of the keys config.conf, config.yaml, config"
        ),
    ])
    func whatIsNoConfigurationIsAnError(text: String, message: String) {
        let (configuration, diagnostics) = read(text)
        #expect(configuration == nil)
        #expect(diagnostics == [message])
    }
}

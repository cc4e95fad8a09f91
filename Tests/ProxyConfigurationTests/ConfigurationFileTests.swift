// SPDX-License-Identifier: Apache-2.0

import Foundation
import KubernetesObjects
import NetworkTypes
import Testing

@testable import ProxyConfiguration

/// Reading configuration files, and the messages about them.
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

    @Test func emptyFieldsMeanTheDefault() {
        let (configuration, diagnostics) = read(kubeadm)
        #expect(configuration == expected)
        #expect(diagnostics.isEmpty)
    }

    @Test func ourOwnFieldsAreReadToo() {
        #expect(!expected.keepsJumpsFirst)
        let (configuration, diagnostics) = read(
            "{apiVersion: kubeproxy.config.k8s.io/v1alpha1, kind: KubeProxyConfiguration, iptables: {keepJumpsFirst: true}}"
        )
        #expect(configuration?.keepsJumpsFirst == true)
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

    @Test func unknownFieldsAreIgnoredWithAWarning() {
        let (configuration, diagnostics) = read(
            kubeadm.replacingOccurrences(of: "oomScoreAdj", with: "oomScore")
                .replacingOccurrences(of: "  masqueradeBit: 15", with: "  masqueradeBit: 15\n  masquerade: 1")
                + "\nrules: 1\n")
        #expect(configuration == expected)
        #expect(
            diagnostics == [
                "warning: c: document 1: line 12: KubeProxyConfiguration: unknown field \"iptables.masquerade\"; did you "
                    + "mean \"masqueradeAll\"?",
                "warning: c: document 1: line 15: KubeProxyConfiguration: unknown field \"oomScore\"; did you mean "
                    + "\"oomScoreAdj\"?",
                "warning: c: document 1: line 16: KubeProxyConfiguration: unknown field \"rules\"",
            ])
    }

    @Test func everyMistakeIsReportedWithItsField() {
        let header = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
        let mistakes: [(String, String)] = [
            ("mode: ipvs", "mode: unsupported proxy mode \"ipvs\" (supported: iptables)"),
            ("mode: nftables", "mode: unsupported proxy mode \"nftables\" (supported: iptables)"),
            (
                "iptables: {masqueradeBit: 32}",
                "iptables.masqueradeBit: invalid bit 32: must be from 0 to 31"
            ),
            ("iptables: {masqueradeBit: x}", "iptables.masqueradeBit: must be a whole number, not the string \"x\""),
            (
                "iptables: {syncPeriod: never}",
                "iptables.syncPeriod: invalid duration \"never\": must be a duration such as 30s, 1m30s or 500ms"
            ),
            ("conntrack: {min: -1}", "conntrack.min: invalid number of connections -1: must be from 0 to 2147483647"),
            ("conntrack: 5", "conntrack: must be a mapping, not the integer 5"),
            ("bindAddress: localhost", "bindAddress: invalid IP address \"localhost\""),
            (
                "healthzBindAddress: here",
                "healthzBindAddress: cannot listen on \"here\": must be ADDRESS:PORT, for example 0.0.0.0:10256 or [::]:10256"
            ),
            (
                "clusterCIDR: 10.0.0.0",
                "clusterCIDR: invalid CIDR \"10.0.0.0\": must be ADDRESS/LENGTH, for example 10.244.0.0/16"
            ),
            (
                "clusterCIDR: 10.244.0.0/33",
                "clusterCIDR: invalid CIDR \"10.244.0.0/33\": the prefix length must be 0–32"
            ),
            ("clusterCIDR: fd00::/129", "clusterCIDR: invalid CIDR \"fd00::/129\": the prefix length must be 0–128"),
            (
                "clusterCIDR: 10.0.0.0/8,10.1.0.0/16",
                "clusterCIDR: at most one CIDR of each IP family is allowed, for example 10.244.0.0/16,fd00:10::/56"
            ),
            (
                "detectLocalMode: Guess",
                "detectLocalMode: unsupported mode \"Guess\" (supported: ClusterCIDR, NodeCIDR, BridgeInterface, "
                    + "InterfaceNamePrefix)"
            ),
            (
                "detectLocalMode: \"B\\tidge\\e[2J\"",
                "detectLocalMode: unsupported mode \"B\\tidge\\u{1b}[2J\" (supported: ClusterCIDR, NodeCIDR, "
                    + "BridgeInterface, InterfaceNamePrefix)"
            ),
            (
                "clusterCIDR: x\(String(repeating: "9", count: 5000))",
                "clusterCIDR: invalid CIDR \"x\(String(repeating: "9", count: 79))…\": must be ADDRESS/LENGTH, for example "
                    + "10.244.0.0/16"
            ),
            (
                "nodePortAddresses: [primary, 10.0.0.0/8]",
                "nodePortAddresses: \"primary\" cannot be combined with CIDRs"
            ),
            ("oomScoreAdj: 1001", "oomScoreAdj: invalid score 1001: must be from -1000 to 1000"),
            ("logging: {format: xml}", "logging.format: unsupported log format \"xml\" (supported: text, json)"),
            (
                "logging: {flushFrequency: -5}",
                "logging.flushFrequency: invalid duration -5: must not be negative"
            ),
            ("featureGates: {A: maybe}", "featureGates.A: must be true or false, not the string \"maybe\""),
            ("ipvs: {strictARP: 1}", "ipvs.strictARP: must be true or false, not the integer 1"),
            (
                "clientConnection: {burst: -1}",
                "clientConnection.burst: invalid number of requests -1: must be from 0 to 2147483647"
            ),
        ]
        for (text, message) in mistakes {
            let (options, diagnostics) = read(header + text)
            #expect(options == nil, "\(text)")
            #expect(diagnostics == ["error: c: document 1: line 3: KubeProxyConfiguration: \(message)"])
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
            "error: c: document 1: line 1: Service: is neither a KubeProxyConfiguration of kubeproxy.config.k8s.io/v1alpha1 "
                + "nor a ConfigMap that holds one"
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\ndata: {x: y}",
            "error: c: document 1: line 3: ConfigMap: data: has none of the keys config.conf, config.yaml, config"
        ),
    ])
    func whatIsNoConfigurationIsAnError(text: String, message: String) {
        let (configuration, diagnostics) = read(text)
        #expect(configuration == nil)
        #expect(diagnostics == [message])
    }
}

import Foundation
import Testing

@testable import KubernetesObjects

@Suite struct KubeProxyConfigurationTests {
    private let kubeadm = """
        apiVersion: kubeproxy.config.k8s.io/v1alpha1
        bindAddress: 0.0.0.0
        bindAddressHardFail: false
        clientConnection:
          acceptContentTypes: ""
          burst: 0
          contentType: ""
          kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
          qps: 0
        clusterCIDR: 10.244.0.0/16
        configSyncPeriod: 0s
        conntrack:
          maxPerCore: null
          min: null
          tcpBeLiberal: true
          tcpCloseWaitTimeout: null
          tcpEstablishedTimeout: null
          udpStreamTimeout: 0s
          udpTimeout: 0s
        detectLocal:
          bridgeInterface: ""
          interfaceNamePrefix: ""
        detectLocalMode: ""
        enableProfiling: false
        healthzBindAddress: ""
        hostnameOverride: ""
        iptables:
          localhostNodePorts: null
          masqueradeAll: true
          masqueradeBit: 15
          minSyncPeriod: 0s
          syncPeriod: 0s
        ipvs: {excludeCIDRs: null, minSyncPeriod: 0s, scheduler: "", strictARP: false}
        kind: KubeProxyConfiguration
        logging: {flushFrequency: 0, options: {json: {infoBufferSize: "0"}}, verbosity: 0}
        metricsBindAddress: ""
        mode: ""
        nftables: {masqueradeAll: false, masqueradeBit: null}
        nodePortAddresses: null
        oomScoreAdj: null
        portRange: ""
        showHiddenMetricsForVersion: ""
        winkernel: {enableDSR: false}
        """

    private func read(_ text: String) -> (KubeProxyConfiguration?, [String]) {
        var log = DiagnosticLog()
        let configuration = KubeProxyConfiguration.read(Array(text.utf8), file: "c", log: &log)
        return (configuration, log.diagnostics.map { "\($0.severity): \($0)" })
    }

    private var expected: KubeProxyConfiguration {
        var expected = KubeProxyConfiguration()
        expected.clusterCIDR = "10.244.0.0/16"
        expected.masqueradeAll = true
        expected.masqueradeBit = 15
        expected.conntrackTCPBeLiberal = true
        expected.conntrackUDPTimeout = .zero
        expected.conntrackUDPStreamTimeout = .zero
        expected.kubeconfig = "/var/lib/kube-proxy/kubeconfig.conf"
        return expected
    }

    @Test func kubeadmsFileIsReadWithoutAWord() {
        let (configuration, diagnostics) = read(kubeadm)
        #expect(configuration == expected)
        #expect(diagnostics.isEmpty)
    }

    @Test func durationsAreGos() {
        let texts: [(String, Duration?)] = [
            ("30s", .seconds(30)), ("1m30s", .seconds(90)), ("24h0m0s", .seconds(86_400)), ("1.5h", .seconds(5400)),
            ("100ms", .milliseconds(100)), ("0", .zero), ("0s", .zero), (".5s", .milliseconds(500)),
            ("1.s", .seconds(1)), ("-1s", .seconds(-1)), ("", nil), ("30", nil), ("s", nil), ("1 s", nil),
            ("1d", nil), (".s", nil), ("1.2.3s", nil), ("99999999999h", nil),
        ]
        for (text, duration) in texts { #expect(DurationText.parse(text) == duration, "\(text)") }
        let (configuration, diagnostics) = read(
            "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"
                + "iptables: {syncPeriod: 1m, minSyncPeriod: never}\n")
        #expect(configuration == nil)
        #expect(
            diagnostics == [
                "error: c: document 1: KubeProxyConfiguration: iptables.minSyncPeriod: \"never\" is not a duration such as "
                    + "30s, 1m30s or 500ms"
            ])
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
                "warning: c: document 1: KubeProxyConfiguration: oomScore: is no field of KubeProxyConfiguration and is "
                    + "passed over",
                "warning: c: document 1: KubeProxyConfiguration: iptables.masquerade: is no field of "
                    + "KubeProxyConfiguration and is passed over",
            ])
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
        (
            "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\niptables: {masqueradeBit: x}",
            "error: c: document 1: KubeProxyConfiguration: iptables.masqueradeBit: the text \"x\" is not a whole "
                + "number"
        ),
    ])
    func whatIsNoConfigurationIsAnError(text: String, message: String) {
        let (configuration, diagnostics) = read(text)
        #expect(configuration == nil)
        #expect(diagnostics == [message])
    }
}

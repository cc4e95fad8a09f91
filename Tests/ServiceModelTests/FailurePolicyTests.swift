// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import Testing

@Suite("What a node does about failing endpoints") struct FailurePolicyTests {
    private func servicePort(_ transport: TransportProtocol, _ setting: Bool?) -> ServicePort {
        ServicePort(
            name: ServicePortName(namespace: "n", service: "s", port: "", transport: transport),
            clusterIP: IPAddress(ipv4: 0x0a60_0001), port: 80, retriesConnections: setting, ejectsOutliers: setting)
    }

    @Test("is nothing by default, as with kube-proxy")
    func usual() {
        let policy = FailurePolicy.default
        #expect(!policy.retriesConnections && !policy.ejectsOutliers)
        #expect(policy.answerTimeout == .milliseconds(900) && policy.avoidanceTime == .seconds(5))
        #expect(policy.consecutiveFailures == 5 && policy.maxEjectionPercent == 50)
        #expect(policy.baseEjectionTime == .seconds(30) && policy.maxEjectionTime == .seconds(300))
    }

    @Test("is decided by the Service, and by the node where it is silent", arguments: [true, false])
    func decision(node: Bool) {
        let policy = FailurePolicy(retriesConnections: node, ejectsOutliers: node)
        for (setting, expected) in [(true, true), (false, false), (nil, node)] as [(Bool?, Bool)] {
            #expect(policy.retries(servicePort(.tcp, setting)) == expected)
            #expect(policy.ejects(servicePort(.tcp, setting)) == expected)
        }
    }

    @Test("is for TCP only", arguments: [TransportProtocol.udp, .sctp])
    func otherProtocols(transport: TransportProtocol) {
        let policy = FailurePolicy(retriesConnections: true, ejectsOutliers: true)
        #expect(!policy.retries(servicePort(transport, true)) && !policy.ejects(servicePort(transport, true)))
    }
}

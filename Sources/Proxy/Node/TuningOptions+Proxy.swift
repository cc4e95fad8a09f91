// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import NodeTuning
import ProxyConfiguration
import RuleCompiler
import ServiceModel

extension TuningOptions {
    /// What kube-proxy's options ask the kernel for.
    ///
    /// - Parameter families: the families that rules are made for; node ports on loopback addresses are IPv4 only.
    package init(_ options: ProxyOptions, families: [IPFamily]) {
        self.init()
        maxPerCore = options.conntrackMaxPerCore ?? maxPerCore
        minimum = options.conntrackMin ?? minimum
        tcpEstablishedTimeout = options.conntrackTCPEstablishedTimeout ?? tcpEstablishedTimeout
        tcpCloseWaitTimeout = options.conntrackTCPCloseWaitTimeout ?? tcpCloseWaitTimeout
        tcpBeLiberal = options.conntrackTCPBeLiberal ?? tcpBeLiberal
        udpTimeout = options.conntrackUDPTimeout ?? udpTimeout
        udpStreamTimeout = options.conntrackUDPStreamTimeout ?? udpStreamTimeout
        let nodePortAddresses = options.nodePortAddresses ?? .ranges([])
        // The node's primary address is never a loopback address.
        localhostNodePorts =
            families.contains(.ipv4) && (options.localhostNodePorts ?? true) && nodePortAddresses != .primary
            && nodePortAddresses.containsIPv4Loopback(node: Node(name: ""))
    }
}

// SPDX-License-Identifier: Apache-2.0

import Messages
import NetworkTypes
import RuleCompiler
import ServiceModel

extension ProxyOptions {
    /// The node these options describe; what they leave unset comes from its Node object.
    ///
    /// - Parameters:
    ///   - name: the name of the node.
    ///   - object: the Node object of that name, if there is one.
    package func node(named name: String, object: Node?) -> Node {
        Node(
            name: name, addresses: nodeIPs ?? addresses(of: object), labels: nodeLabels ?? object?.labels ?? [:],
            podCIDRs: object?.podCIDRs ?? [])
    }

    /// The addresses of the Node object; `bindAddress` replaces that of its family (kube-proxy's `detectNodeIPs`).
    private func addresses(of object: Node?) -> [IPAddress] {
        let addresses = object?.addresses ?? []
        guard let bindAddress, !bindAddress.isAny else { return addresses }
        return [bindAddress] + addresses.filter { $0.family != bindAddress.family }
    }

    /// The compiler's settings.
    ///
    /// - Parameters:
    ///   - node: the node, from ``node(named:object:)``.
    ///   - interfaceAddresses: the addresses of the node's interfaces, unless the options have them.
    ///   - comparesAddresses: whether the kernel can compare a packet's addresses with each other.
    ///   - hashesClients: the families in which the kernel can choose by a hash of the client's address.
    /// - Throws: ``OptionError`` if options contradict each other or one that others need is missing.
    package func settings(
        node: Node, interfaceAddresses: [IPAddress], comparesAddresses: Bool = true,
        hashesClients: Set<IPFamily> = Set(IPFamily.allCases)
    ) throws(OptionError) -> CompilerSettings {
        CompilerSettings(
            node: node, ipv4LocalDetector: try localDetector(.ipv4, node: node),
            ipv6LocalDetector: try localDetector(.ipv6, node: node), masqueradesAll: masqueradeAll ?? false,
            masqueradeBit: masqueradeBit ?? Self.defaultMasqueradeBit,
            allowsLocalhostNodePorts: localhostNodePorts ?? true,
            nodePortAddresses: nodePortAddresses ?? .ranges([]),
            interfaceAddresses: self.interfaceAddresses ?? interfaceAddresses, usesAccounting: accounting ?? false,
            conntrackIsLiberal: conntrackTCPBeLiberal ?? false, comparesAddresses: comparesAddresses,
            hashesClients: hashesClients, affinityMode: affinityMode, balance: balance ?? .random,
            retriesConnections: retriesConnections ?? false, layout: ruleLayout ?? .kubeProxy)
    }

    private func localDetector(_ family: IPFamily, node: Node) throws(OptionError) -> LocalDetector {
        func detector(among ranges: [CIDR]) -> LocalDetector {
            ranges.first { $0.family == family }.map(LocalDetector.sourceRange) ?? .none
        }
        switch detectLocalMode ?? .clusterCIDR {
        case .clusterCIDR:
            return detector(among: clusterCIDRs ?? [])
        case .nodeCIDR:
            guard !node.podCIDRs.isEmpty else {
                throw OptionError(
                    ProxyOption.detectLocalMode.name,
                    "mode NodeCIDR requires a Node object \(MessageText.quoted(node.name)) with spec.podCIDRs in the input"
                )
            }
            return detector(among: node.podCIDRs)
        case .bridgeInterface:
            guard let podBridgeInterface, !podBridgeInterface.isEmpty else {
                throw OptionError(
                    ProxyOption.podBridgeInterface.name, "required with --detect-local-mode BridgeInterface")
            }
            return .bridgeInterface(
                try OptionParsing.interfaceName(podBridgeInterface, option: ProxyOption.podBridgeInterface.name))
        case .interfaceNamePrefix:
            guard let podInterfaceNamePrefix, !podInterfaceNamePrefix.isEmpty else {
                throw OptionError(
                    ProxyOption.podInterfaceNamePrefix.name,
                    "required with --detect-local-mode InterfaceNamePrefix")
            }
            return .interfacePrefix(
                try OptionParsing.interfaceName(
                    podInterfaceNamePrefix, option: ProxyOption.podInterfaceNamePrefix.name, isPrefix: true))
        }
    }
}

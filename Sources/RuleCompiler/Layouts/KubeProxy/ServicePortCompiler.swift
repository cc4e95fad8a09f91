// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// Compiles one service port to rules, in the steps and the order of kube-proxy's syncProxyRules.
struct ServicePortCompiler {
    let settings: FamilySettings
    let servicePort: ServicePort
    let selection: EndpointSelection
    let chains: ServicePortChains
    /// Whether rules of endpoints go without comments, to save memory.
    let isLargeCluster: Bool
    /// `namespace/name[:port]`, as comments have it.
    let name: String
    /// The origin of all rules that are not those of one endpoint.
    let origin: Origin

    let clusterEndpoints: [BalancedEndpoint]
    let localEndpoints: [BalancedEndpoint]
    let reachableEndpoints: [BalancedEndpoint]

    init(_ entry: ServicePortEndpoints, settings: FamilySettings, isLargeCluster: Bool) {
        self.settings = settings
        servicePort = entry.servicePort
        self.isLargeCluster = isLargeCluster
        name = entry.servicePort.name.description
        let selection = EndpointSelection(of: entry.endpoints, for: entry.servicePort, on: settings.node)
        self.selection = selection
        let chains = ServicePortChains(entry.servicePort.name)
        self.chains = chains
        let origin = ServicePortOrigin(
            entry.servicePort.name, endpoints: entry.endpoints.map { AddressPort($0.address, $0.port) })
        self.origin = .servicePort(origin)

        var cluster: [BalancedEndpoint] = []
        var local: [BalancedEndpoint] = []
        var reachable: [BalancedEndpoint] = []
        reachable.reserveCapacity(entry.endpoints.count)
        for index in entry.endpoints.indices {
            let inCluster = selection.clusterVerdicts[index].isUsed
            let inLocal = selection.localVerdicts[index].isUsed
            guard inCluster || inLocal else { continue }
            let balanced = BalancedEndpoint(
                entry.endpoints[index], chains: chains, origin: .endpoint(at: index, of: origin))
            reachable.append(balanced)
            if inCluster { cluster.append(balanced) }
            if inLocal { local.append(balanced) }
        }
        clusterEndpoints = cluster
        localEndpoints = local
        reachableEndpoints = reachable
    }

    private var hasEndpoints: Bool { selection.hasUsableEndpoints }

    private var hasInternalEndpoints: Bool {
        hasEndpoints && !(servicePort.internalTrafficPolicy == .local && localEndpoints.isEmpty)
    }

    private var hasExternalEndpoints: Bool {
        hasEndpoints && !(servicePort.externalTrafficPolicy == .local && localEndpoints.isEmpty)
    }

    private var usesExternalChain: Bool { hasEndpoints && servicePort.isExternallyAccessible }

    private var usesFirewallChain: Bool {
        hasEndpoints && !servicePort.loadBalancerVIPs.isEmpty && !servicePort.loadBalancerSourceRanges.isEmpty
    }

    private func chain(for policy: TrafficPolicy) -> ChainName {
        switch policy {
        case .cluster: chains.cluster
        case .local: chains.local
        }
    }

    func compile() -> CompiledServicePort {
        var result = CompiledServicePort(servicePort, selection: selection, layout: KubeProxyLayout.self)
        addClusterIP(to: &result)
        addExternalIPs(to: &result)
        addLoadBalancerVIPs(to: &result)
        addNodePort(to: &result)
        addHealthCheckNodePort(to: &result)

        if usesExternalChain { result.chains.nat.append(externalChain) }
        if usesFirewallChain { result.chains.nat.append(firewallChain) }
        addEndpointChains(to: &result)
        return result
    }

    // MARK: Addresses

    private func addClusterIP(to result: inout CompiledServicePort) {
        if hasInternalEndpoints {
            result.add(
                virtualAddress(
                    servicePort.clusterIP, comment: "\(name) cluster IP",
                    target: .jump(chain(for: servicePort.internalTrafficPolicy))), to: KubeProxyChains.services,
                in: .nat)
        } else {
            result.add(deadEnd(servicePort.clusterIP), to: KubeProxyChains.services, in: .filter)
        }
    }

    private func addExternalIPs(to result: inout CompiledServicePort) {
        for address in servicePort.externalIPs {
            if hasEndpoints {
                result.add(
                    virtualAddress(address, comment: "\(name) external IP", target: .jump(chains.external)),
                    to: KubeProxyChains.services, in: .nat)
            }
            if !hasExternalEndpoints { result.add(deadEnd(address), to: KubeProxyChains.externalServices, in: .filter) }
        }
    }

    private func addLoadBalancerVIPs(to result: inout CompiledServicePort) {
        for address in servicePort.loadBalancerVIPs {
            if hasEndpoints {
                result.add(
                    virtualAddress(
                        address, comment: "\(name) loadbalancer IP",
                        target: .jump(usesFirewallChain ? chains.firewall : chains.external)),
                    to: KubeProxyChains.services, in: .nat)
            }
            if usesFirewallChain {
                // What no source range lets in comes through nat unchanged, and ends here.
                result.add(
                    virtualAddress(
                        address, comment: "\(name) traffic not accepted by \(chains.firewall)", target: .drop),
                    to: KubeProxyChains.proxyFirewall, in: .filter)
            }
            if !hasExternalEndpoints { result.add(deadEnd(address), to: KubeProxyChains.externalServices, in: .filter) }
        }
    }

    private func addNodePort(to result: inout CompiledServicePort) {
        guard let nodePort = servicePort.nodePort else { return }
        let transport = servicePort.name.transport
        if hasEndpoints {
            let rule = Rule(
                transport: transport,
                matches: [.comment(name), .transport(transport, destinationPort: nodePort)],
                target: .jump(chains.external), origin: origin)
            if settings.localhostNodePorts, settings.usesAccounting {
                var counted = rule
                counted.destination = AddressMatch(CIDR(.loopback(.ipv4), prefixLength: 8))
                counted.matches.append(.accounting(name: "localhost_nps_accepted_pkts"))
                result.add(counted, to: KubeProxyChains.nodePorts, in: .nat)
            }
            result.add(rule, to: KubeProxyChains.nodePorts, in: .nat)
        }
        if !hasExternalEndpoints {
            result.add(
                Rule(
                    transport: transport,
                    matches: [
                        .comment(deadEndComment), .localAddress(.destination),
                        .transport(transport, destinationPort: nodePort),
                    ],
                    target: deadEndTarget, origin: origin), to: KubeProxyChains.externalServices, in: .filter)
        }
    }

    private func addHealthCheckNodePort(to result: inout CompiledServicePort) {
        guard let port = servicePort.healthCheckNodePort else { return }
        // Always TCP, whatever the service port speaks: a load balancer asks there by HTTP.
        result.add(
            Rule(
                transport: .tcp,
                matches: [
                    .comment("\(name) health check node port"), .transport(.tcp, destinationPort: port),
                ],
                target: .accept, origin: origin), to: KubeProxyChains.nodePorts, in: .filter)
    }

    private func virtualAddress(_ address: IPAddress, comment: String, target: Target) -> Rule {
        let transport = servicePort.name.transport
        return Rule(
            destination: AddressMatch(address), transport: transport,
            matches: [.comment(comment), .transport(transport, destinationPort: servicePort.port)], target: target,
            origin: origin)
    }

    /// The rule for an address that leads nowhere: refused if there is no endpoint, dropped if there is none on this node.
    private func deadEnd(_ address: IPAddress) -> Rule {
        virtualAddress(address, comment: deadEndComment, target: deadEndTarget)
    }

    private var deadEndComment: String {
        hasEndpoints ? "\(name) has no local endpoints" : "\(name) has no endpoints"
    }

    private var deadEndTarget: Target { hasEndpoints ? .drop : .rejectPortUnreachable }

    // MARK: Chains

    /// The rules that have traffic to the cluster IP masqueraded; they stand first in the chain it leads to.
    private var clusterIPMasquerade: [Rule] {
        guard hasInternalEndpoints, settings.masqueradesAll || settings.detector.canDetect else { return [] }
        let rule = virtualAddress(
            servicePort.clusterIP, comment: "\(name) cluster IP", target: .jump(KubeProxyChains.markMasquerade))
        return [settings.masqueradesAll ? rule : settings.detector.condition(rule, isInverted: true)]
    }

    private var externalChain: Chain {
        var rules: [Rule] = []
        switch servicePort.externalTrafficPolicy {
        case .cluster:
            rules.append(
                Rule(
                    matches: [.comment("masquerade traffic for \(name) external destinations")],
                    target: .jump(KubeProxyChains.markMasquerade), origin: origin))
        case .local:
            if settings.detector.canDetect {
                let rule = Rule(
                    matches: [.comment("pod traffic for \(name) external destinations")],
                    target: .jump(chains.cluster), origin: origin)
                rules.append(settings.detector.condition(rule, isInverted: false))
            }
            rules.append(
                Rule(
                    matches: [
                        .comment("masquerade LOCAL traffic for \(name) external destinations"),
                        .localAddress(.source),
                    ],
                    target: .jump(KubeProxyChains.markMasquerade), origin: origin))
            rules.append(
                Rule(
                    matches: [
                        .comment("route LOCAL traffic for \(name) external destinations"), .localAddress(.source),
                    ],
                    target: .jump(chains.cluster), origin: origin))
        }
        if hasExternalEndpoints {
            rules.append(Rule(target: .jump(chain(for: servicePort.externalTrafficPolicy)), origin: origin))
        }
        return Chain(name: chains.external, rules: rules, origin: origin)
    }

    private var firewallChain: Chain {
        let comment = Match.comment("\(name) loadbalancer IP")
        func allow(_ range: CIDR) -> Rule {
            Rule(source: AddressMatch(range), matches: [comment], target: .jump(chains.external), origin: origin)
        }
        var rules = servicePort.loadBalancerSourceRanges.map(allow)
        if servicePort.loadBalancerSourceRanges.contains(where: { $0.contains(settings.nodeAddress) }) {
            // The node itself reaches a load balancer address by way of itself, with that address as its source.
            rules += servicePort.loadBalancerVIPs.map { allow(CIDR(host: $0)) }
        }
        rules.append(
            Rule(matches: [.comment("other traffic to \(name) will be dropped by KUBE-PROXY-FIREWALL")], origin: origin)
        )
        return Chain(name: chains.firewall, rules: rules, origin: origin)
    }

    private func addEndpointChains(to result: inout CompiledServicePort) {
        let masquerade = clusterIPMasquerade
        let internalChain = chain(for: servicePort.internalTrafficPolicy)
        let balancer = EndpointBalancer(
            name: name, transport: servicePort.name.transport, affinity: servicePort.sessionAffinity,
            hasComments: !isLargeCluster)
        if servicePort.usesClusterEndpoints, !clusterEndpoints.isEmpty {
            result.chains.nat.append(
                Chain(
                    name: chains.cluster,
                    rules: (internalChain == chains.cluster ? masquerade : []) + balancer.rules(over: clusterEndpoints),
                    origin: origin)
            )
        }
        if servicePort.usesLocalEndpoints, !localEndpoints.isEmpty {
            result.chains.nat.append(
                Chain(
                    name: chains.local,
                    rules: (internalChain == chains.local ? masquerade : []) + balancer.rules(over: localEndpoints),
                    origin: origin))
        }
        result.chains.nat.append(contentsOf: reachableEndpoints.map(balancer.chain(of:)))
    }
}

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

    let clusterEndpoints: [EndpointChain]
    let localEndpoints: [EndpointChain]
    let reachableEndpoints: [EndpointChain]

    init(_ entry: ServicePortEndpoints, settings: FamilySettings, isLargeCluster: Bool) {
        self.settings = settings
        servicePort = entry.servicePort
        self.isLargeCluster = isLargeCluster
        name = entry.servicePort.name.description
        let selection = EndpointSelection(of: entry.endpoints, for: entry.servicePort, on: settings.node)
        self.selection = selection
        let chains = ServicePortChains(entry.servicePort.name)
        self.chains = chains

        var cluster: [EndpointChain] = []
        var local: [EndpointChain] = []
        var reachable: [EndpointChain] = []
        reachable.reserveCapacity(entry.endpoints.count)
        for (index, endpoint) in entry.endpoints.enumerated() {
            let inCluster = selection.clusterVerdicts[index].isUsed
            let inLocal = selection.localVerdicts[index].isUsed
            guard inCluster || inLocal else { continue }
            let chain = EndpointChain(endpoint, chains: chains)
            reachable.append(chain)
            if inCluster { cluster.append(chain) }
            if inLocal { local.append(chain) }
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
        var result = CompiledServicePort(servicePort, selection: selection)
        addClusterIP(to: &result)
        addExternalIPs(to: &result)
        addLoadBalancerVIPs(to: &result)
        addNodePort(to: &result)
        addHealthCheckNodePort(to: &result)

        if usesExternalChain { result.chains.append(externalChain) }
        if usesFirewallChain { result.chains.append(firewallChain) }
        addEndpointChains(to: &result)
        return result
    }

    // MARK: Addresses

    private func addClusterIP(to result: inout CompiledServicePort) {
        if hasInternalEndpoints {
            result.natServices.append(
                virtualAddress(
                    servicePort.clusterIP, comment: "\(name) cluster IP",
                    target: .jump(chain(for: servicePort.internalTrafficPolicy))))
        } else {
            result.filterServices.append(deadEnd(servicePort.clusterIP))
        }
    }

    private func addExternalIPs(to result: inout CompiledServicePort) {
        for address in servicePort.externalIPs {
            if hasEndpoints {
                result.natServices.append(
                    virtualAddress(address, comment: "\(name) external IP", target: .jump(chains.external)))
            }
            if !hasExternalEndpoints { result.filterExternalServices.append(deadEnd(address)) }
        }
    }

    private func addLoadBalancerVIPs(to result: inout CompiledServicePort) {
        for address in servicePort.loadBalancerVIPs {
            if hasEndpoints {
                result.natServices.append(
                    virtualAddress(
                        address, comment: "\(name) loadbalancer IP",
                        target: .jump(usesFirewallChain ? chains.firewall : chains.external)))
            }
            if usesFirewallChain {
                // What no source range lets in comes through nat unchanged, and ends here.
                result.filterProxyFirewall.append(
                    virtualAddress(
                        address, comment: "\(name) traffic not accepted by \(chains.firewall)", target: .drop))
            }
            if !hasExternalEndpoints { result.filterExternalServices.append(deadEnd(address)) }
        }
    }

    private func addNodePort(to result: inout CompiledServicePort) {
        guard let nodePort = servicePort.nodePort else { return }
        let transport = servicePort.name.transport
        if hasEndpoints {
            let rule = Rule(
                transport: transport,
                matches: [.comment(name), .transport(transport, destinationPort: nodePort)],
                target: .jump(chains.external))
            if settings.localhostNodePorts, settings.usesAccounting {
                var counted = rule
                counted.destination = AddressMatch(CIDR(.loopback(.ipv4), prefixLength: 8))
                counted.matches.append(.accounting(name: "localhost_nps_accepted_pkts"))
                result.natNodePorts.append(counted)
            }
            result.natNodePorts.append(rule)
        }
        if !hasExternalEndpoints {
            result.filterExternalServices.append(
                Rule(
                    transport: transport,
                    matches: [
                        .comment(deadEndComment), .localAddress(.destination),
                        .transport(transport, destinationPort: nodePort),
                    ],
                    target: deadEndTarget))
        }
    }

    private func addHealthCheckNodePort(to result: inout CompiledServicePort) {
        guard let port = servicePort.healthCheckNodePort else { return }
        // Always TCP, whatever the service port speaks: a load balancer asks there by HTTP.
        result.filterNodePorts.append(
            Rule(
                transport: .tcp,
                matches: [
                    .comment("\(name) health check node port"), .transport(.tcp, destinationPort: port),
                ],
                target: .accept))
    }

    private func virtualAddress(_ address: IPAddress, comment: String, target: Target) -> Rule {
        let transport = servicePort.name.transport
        return Rule(
            destination: AddressMatch(address), transport: transport,
            matches: [.comment(comment), .transport(transport, destinationPort: servicePort.port)], target: target)
    }

    /// The rule for an address that leads nowhere: refused if there is no endpoint, dropped if there is none here.
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
        guard hasInternalEndpoints, settings.masqueradesAll || settings.detector.isImplemented else { return [] }
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
                    target: .jump(KubeProxyChains.markMasquerade)))
        case .local:
            if settings.detector.isImplemented {
                let rule = Rule(
                    matches: [.comment("pod traffic for \(name) external destinations")],
                    target: .jump(chains.cluster))
                rules.append(settings.detector.condition(rule, isInverted: false))
            }
            rules.append(
                Rule(
                    matches: [
                        .comment("masquerade LOCAL traffic for \(name) external destinations"),
                        .localAddress(.source),
                    ],
                    target: .jump(KubeProxyChains.markMasquerade)))
            rules.append(
                Rule(
                    matches: [
                        .comment("route LOCAL traffic for \(name) external destinations"), .localAddress(.source),
                    ],
                    target: .jump(chains.cluster)))
        }
        if hasExternalEndpoints {
            rules.append(Rule(target: .jump(chain(for: servicePort.externalTrafficPolicy))))
        }
        return Chain(name: chains.external, rules: rules)
    }

    private var firewallChain: Chain {
        let comment = Match.comment("\(name) loadbalancer IP")
        func allow(_ range: CIDR) -> Rule {
            Rule(source: AddressMatch(range), matches: [comment], target: .jump(chains.external))
        }
        var rules = servicePort.loadBalancerSourceRanges.map(allow)
        if servicePort.loadBalancerSourceRanges.contains(where: { $0.contains(settings.nodeAddress) }) {
            // The node itself reaches a load balancer address by way of itself, with that address as its source.
            rules += servicePort.loadBalancerVIPs.map { allow(CIDR(host: $0)) }
        }
        rules.append(
            Rule(matches: [.comment("other traffic to \(name) will be dropped by KUBE-PROXY-FIREWALL")]))
        return Chain(name: chains.firewall, rules: rules)
    }

    private func addEndpointChains(to result: inout CompiledServicePort) {
        let masquerade = clusterIPMasquerade
        let internalChain = chain(for: servicePort.internalTrafficPolicy)
        let balancer = EndpointBalancer(
            name: name, transport: servicePort.name.transport, affinity: servicePort.sessionAffinity,
            hasComments: !isLargeCluster)
        if servicePort.usesClusterEndpoints, !clusterEndpoints.isEmpty {
            result.chains.append(
                Chain(
                    name: chains.cluster,
                    rules: (internalChain == chains.cluster ? masquerade : []) + balancer.rules(over: clusterEndpoints))
            )
        }
        if servicePort.usesLocalEndpoints, !localEndpoints.isEmpty {
            result.chains.append(
                Chain(
                    name: chains.local,
                    rules: (internalChain == chains.local ? masquerade : []) + balancer.rules(over: localEndpoints)))
        }
        result.chains.append(contentsOf: reachableEndpoints.map(balancer.endpointChain))
    }
}

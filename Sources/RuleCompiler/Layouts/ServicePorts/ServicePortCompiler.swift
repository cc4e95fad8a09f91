// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// Compiles one service port to rules, in the steps and the order of kube-proxy's syncProxyRules.
///
/// Layouts share the front ends and the ways from them to the endpoints; what they have different is a ``ServicePortForm``.
struct ServicePortCompiler {
    let settings: FamilySettings
    private let form: ServicePortForm
    let servicePort: ServicePort
    let selection: EndpointSelection
    let chains: ServicePortChains
    /// Whether rules of endpoints go without comments, to save memory.
    let isLargeCluster: Bool
    /// `namespace/name[:port]`, as comments have it.
    let name: String
    /// The origin of all rules that are not those of one endpoint.
    let origin: Origin

    let endpoints: UsableEndpoints

    init(_ entry: ServicePortEndpoints, settings: FamilySettings, isLargeCluster: Bool, form: ServicePortForm) {
        self.settings = settings
        self.form = form
        servicePort = entry.servicePort
        self.isLargeCluster = isLargeCluster
        name = entry.servicePort.name.description
        let selection = EndpointSelection(
            of: entry.endpoints, for: entry.servicePort, on: settings.node, setAside: entry.setAside)
        self.selection = selection
        chains = ServicePortChains(entry.servicePort.name)
        let origin = ServicePortOrigin(
            entry.servicePort.name, endpoints: entry.endpoints.map { AddressPort($0.address, $0.port) })
        self.origin = .servicePort(origin)
        endpoints = UsableEndpoints(entry, selection, origin)
    }

    /// What keeps the connections of a client at one endpoint.
    var affinity: ClientAffinity { settings.affinity(of: servicePort) }

    /// How connections without a remembered endpoint are spread: where a hash keeps clients at one, it chooses the first one, too.
    var balance: BalancePolicy { affinity == .hash ? .sourceHash : settings.balance(of: servicePort) }

    private var hasEndpoints: Bool { selection.hasUsableEndpoints }

    private var hasInternalEndpoints: Bool {
        hasEndpoints && !(servicePort.internalTrafficPolicy == .local && endpoints.local.isEmpty)
    }

    private var hasExternalEndpoints: Bool {
        hasEndpoints && !(servicePort.externalTrafficPolicy == .local && endpoints.local.isEmpty)
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

    /// - Parameter layout: the layout that the form is of.
    func compile(for layout: any RuleLayout.Type) -> CompiledServicePort {
        var result = CompiledServicePort(servicePort, selection: selection, layout: layout)
        result.affinityMode = affinity.mode
        result.balance = balance
        result.retriesConnections = settings.retries(servicePort)
        result.missesSourceHash = settings.missesSourceHash(of: servicePort)
        addClusterIP(to: &result)
        addExternalIPs(to: &result)
        addLoadBalancerVIPs(to: &result)
        addNodePort(to: &result)
        addHealthCheckNodePort(to: &result)
        if result.retriesConnections { addRetries(to: &result) }

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
                    target: .jump(chain(for: servicePort.internalTrafficPolicy))), to: form.clusterIPs, in: .nat)
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

    /// The rules that find the answers of endpoints which refuse a connection (``RetryRules``).
    private func addRetries(to result: inout CompiledServicePort) {
        func add(_ address: IPAddress, _ policy: TrafficPolicy) {
            let exception: AddressMatch?
            switch selection.retryScope(for: policy) {
            case .none: return
            case .all: exception = nil
            case .allBut(let last): exception = AddressMatch(CIDR(host: last.address), isInverted: true)
            }
            let destination = Match.originalDestination(address, port: servicePort.port)
            result.add(
                RetryRules.rule(source: exception, comment: "\(name) connection retry", destination, origin),
                to: RetryRules.frontEnds, in: .filter)
        }
        add(servicePort.clusterIP, servicePort.internalTrafficPolicy)
        for address in servicePort.externalIPs + servicePort.loadBalancerVIPs {
            add(address, servicePort.externalTrafficPolicy)
        }
        guard let nodePort = servicePort.nodePort else { return }
        // Of the node's own addresses there may be any number, and another Service may have the port at another address:
        // the endpoint makes it sure.
        for endpoint in selection.retriedEndpoints(ofNodePortsFor: servicePort.externalTrafficPolicy) {
            result.add(
                RetryRules.rule(
                    source: AddressMatch(endpoint.address), comment: "\(name) connection retry",
                    .originalDestination(nil, port: nodePort), origin),
                to: RetryRules.frontEnds, in: .filter)
        }
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
        guard form.marksInOwnChains, hasInternalEndpoints, settings.masqueradesClusterIPs else { return [] }
        let rule = virtualAddress(
            servicePort.clusterIP, comment: "\(name) cluster IP", target: .jump(KubeProxyChains.markMasquerade))
        return [settings.clusterIPMasqueradeCondition(rule)]
    }

    private var externalChain: Chain {
        var rules: [Rule] = []
        switch servicePort.externalTrafficPolicy {
        case .cluster:
            rules.append(
                Rule(
                    matches: comment("masquerade traffic for \(name) external destinations"),
                    target: .jump(KubeProxyChains.markMasquerade), origin: origin))
        case .local:
            if settings.detector.canDetect {
                let rule = Rule(
                    matches: comment("pod traffic for \(name) external destinations"),
                    target: .jump(chains.cluster), origin: origin)
                rules.append(settings.detector.condition(rule, isInverted: false))
            }
            rules.append(
                Rule(
                    matches: comment("masquerade LOCAL traffic for \(name) external destinations") + [
                        .localAddress(.source)
                    ],
                    target: .jump(KubeProxyChains.markMasquerade), origin: origin))
            rules.append(
                Rule(
                    matches: comment("route LOCAL traffic for \(name) external destinations") + [
                        .localAddress(.source)
                    ],
                    target: .jump(chains.cluster), origin: origin))
        }
        if hasExternalEndpoints {
            rules.append(Rule(target: .jump(chain(for: servicePort.externalTrafficPolicy)), origin: origin))
        }
        return Chain(name: chains.external, rules: rules, origin: origin)
    }

    private var firewallChain: Chain {
        let comment = comment("\(name) loadbalancer IP")
        func allow(_ range: CIDR) -> Rule {
            Rule(source: AddressMatch(range), matches: comment, target: .jump(chains.external), origin: origin)
        }
        var rules = servicePort.loadBalancerSourceRanges.map(allow)
        if servicePort.loadBalancerSourceRanges.contains(where: { $0.contains(settings.nodeAddress) }) {
            // The node itself reaches a load balancer address by way of itself, with that address as its source.
            rules += servicePort.loadBalancerVIPs.map { allow(CIDR(host: $0)) }
        }
        if form.commentsInOwnChains {
            let end = "other traffic to \(name) will be dropped by KUBE-PROXY-FIREWALL"
            rules.append(Rule(matches: [.comment(end)], origin: origin))
        }
        return Chain(name: chains.firewall, rules: rules, origin: origin)
    }

    /// The comment of a rule in a chain of the service port, if it has one.
    private func comment(_ text: String) -> [Match] { form.commentsInOwnChains ? [.comment(text)] : [] }

    private func addEndpointChains(to result: inout CompiledServicePort) {
        let masquerade = clusterIPMasquerade
        let internalChain = chain(for: servicePort.internalTrafficPolicy)
        let balancing = form.balancing(self)
        func add(_ chain: ChainName, over places: [Int]) {
            let first = internalChain == chain ? masquerade : []
            result.chains.nat += balancing.chains(chain, first: first, over: places, origin: origin)
        }
        if servicePort.usesClusterEndpoints, !endpoints.cluster.isEmpty { add(chains.cluster, over: endpoints.cluster) }
        if servicePort.usesLocalEndpoints, !endpoints.local.isEmpty { add(chains.local, over: endpoints.local) }
        result.chains.nat += balancing.endpointChains
    }
}

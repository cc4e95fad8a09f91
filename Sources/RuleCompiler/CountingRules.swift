import ServiceModel
import XTables

/// Why rules refuse or drop what is sent to a service port.
public enum RefusalReason: String, Hashable, Sendable, CaseIterable {
    /// There is no endpoint anywhere (REJECT).
    case noEndpoints = "no-endpoints"
    /// The traffic policy is Local, and there is no endpoint on this node (DROP).
    case noLocalEndpoints = "no-local-endpoints"
    /// The client is in none of the source ranges of the load balancer (DROP).
    case sourceRanges = "source-ranges"
}

/// A rule whose counters tell what a service port was refused.
public struct RefusingRule: Hashable, Sendable {
    /// The rule, in table filter.
    public let identity: RuleIdentity
    /// Why it refuses.
    public let reason: RefusalReason
}

// Which rules count what for a service port: the one place that knows, for this layout of chains.
extension CompiledServicePort {
    /// The rules in nat that send a connection to an endpoint, one for each endpoint; the address and port
    /// of the identity are the endpoint's.
    ///
    /// The kernel asks table nat about the first packet of a connection only, so they count connections.
    public var endpointRules: [RuleIdentity] {
        var rules: [RuleIdentity] = []
        for chain in chains {
            guard let rule = chain.rules.last, case .destinationNAT = rule.target,
                let identity = RuleIdentity(rule, in: chain.name)
            else { continue }
            rules.append(identity)
        }
        return rules
    }

    /// The rules in filter that refuse or drop, in the order of their chains; each identity once.
    public var refusingRules: [RefusingRule] {
        if filterServices.isEmpty, filterExternalServices.isEmpty, filterProxyFirewall.isEmpty { return [] }
        let shares = [
            (KubeProxyChains.services, filterServices), (KubeProxyChains.externalServices, filterExternalServices),
            (KubeProxyChains.proxyFirewall, filterProxyFirewall),
        ]
        var found: [RefusingRule] = []
        for (chain, rules) in shares {
            for rule in rules {
                guard let identity = RuleIdentity(rule, in: chain),
                    !found.contains(where: { $0.identity == identity })
                else { continue }
                found.append(RefusingRule(identity: identity, reason: Self.reason(identity)))
            }
        }
        return found
    }

    private static func reason(_ identity: RuleIdentity) -> RefusalReason {
        if identity.chain == KubeProxyChains.proxyFirewall { return .sourceRanges }
        return identity.verdict == .reject ? .noEndpoints : .noLocalEndpoints
    }
}

// What kube-proxy counts at its two accounting objects (proxier.go, `NFAcct`), the rules count themselves.
extension Compilation {
    /// The rules in filter that drop packets which connection tracking cannot place; none if such packets may pass.
    public var invalidPacketRules: [RuleIdentity] {
        settings.fixedRules(of: KubeProxyChains.forward, in: .filter).compactMap {
            RuleIdentity($0, in: KubeProxyChains.forward)
        }
    }

    /// The rules in nat that send node ports on from the node's loopback addresses.
    ///
    /// There are such rules only with accounting; without it, loopback addresses are served by the rules for all others.
    public var localhostNodePortRules: [RuleIdentity] {
        guard settings.localhostNodePorts, settings.usesAccounting else { return [] }
        // Of the rules of a node port, only that for a range of destinations has an identity.
        return servicePorts.flatMap { $0.natNodePorts.compactMap { RuleIdentity($0, in: KubeProxyChains.nodePorts) } }
    }
}

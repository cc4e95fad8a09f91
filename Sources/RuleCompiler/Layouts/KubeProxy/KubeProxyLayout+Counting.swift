// SPDX-License-Identifier: Apache-2.0

import ServiceModel
import XTables

// Which rules count what.
extension KubeProxyLayout {
    package static func endpointRules(of servicePort: CompiledServicePort) -> [CounterKey] {
        servicePort.chains.nat.compactMap { chain in
            guard let rule = chain.rules.last, case .destinationNAT = rule.target else { return nil }
            return CounterKey(rule, in: chain.name)
        }
    }

    package static func refusingRules(of servicePort: CompiledServicePort) -> [RefusingRule] {
        var found: [RefusingRule] = []
        for chain in refusingChains {
            for rule in servicePort.rules(of: chain, in: .filter) {
                guard let identity = CounterKey(rule, in: chain), !found.contains(where: { $0.identity == identity })
                else { continue }
                found.append(RefusingRule(identity: identity, reason: reason(identity)))
            }
        }
        return found
    }

    private static let refusingChains = [
        KubeProxyChains.services, KubeProxyChains.externalServices, KubeProxyChains.proxyFirewall,
    ]

    private static func reason(_ identity: CounterKey) -> RefusalReason {
        if identity.chain == KubeProxyChains.proxyFirewall { return .sourceRanges }
        return identity.verdict == .reject ? .noEndpoints : .noLocalEndpoints
    }

    package var invalidPacketRules: [CounterKey] {
        fixedRules(of: KubeProxyChains.forward, in: .filter).compactMap {
            CounterKey($0, in: KubeProxyChains.forward)
        }
    }

    /// There are such rules only with accounting; without it, loopback addresses are served by the rules for all others.
    package func localhostNodePortRules(of servicePorts: [CompiledServicePort]) -> [CounterKey] {
        guard settings.localhostNodePorts, settings.usesAccounting else { return [] }
        // Of the rules of a node port, only that for a range of destinations has an identity.
        return servicePorts.flatMap { servicePort in
            servicePort.rules(of: KubeProxyChains.nodePorts, in: .nat).compactMap {
                CounterKey($0, in: KubeProxyChains.nodePorts)
            }
        }
    }
}

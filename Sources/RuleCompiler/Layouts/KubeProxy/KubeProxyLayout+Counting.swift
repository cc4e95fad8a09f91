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
                guard let key = CounterKey(rule, in: chain), !found.contains(where: { $0.key == key })
                else { continue }
                found.append(RefusingRule(key: key, reason: reason(key)))
            }
        }
        return found
    }

    private static let refusingChains = [
        KubeProxyChains.services, KubeProxyChains.externalServices, KubeProxyChains.proxyFirewall,
    ]

    private static func reason(_ key: CounterKey) -> RefusalReason {
        if key.chain == KubeProxyChains.proxyFirewall { return .sourceRanges }
        return key.verdict == .reject ? .noEndpoints : .noLocalEndpoints
    }

    package var invalidPacketRules: [CounterKey] {
        fixedRules(of: KubeProxyChains.forward, in: .filter).compactMap {
            CounterKey($0, in: KubeProxyChains.forward)
        }
    }

    /// There are such rules only with accounting; without it, loopback addresses are served by the rules for all others.
    package func localhostNodePortRules(of servicePorts: [CompiledServicePort]) -> [CounterKey] {
        guard settings.localhostNodePorts, settings.usesAccounting else { return [] }
        // Of the rules of a node port, only that for a range of destinations has a key.
        return servicePorts.flatMap { servicePort in
            servicePort.rules(of: KubeProxyChains.nodePorts, in: .nat).compactMap {
                CounterKey($0, in: KubeProxyChains.nodePorts)
            }
        }
    }
}

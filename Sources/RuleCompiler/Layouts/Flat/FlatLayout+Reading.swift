// SPDX-License-Identifier: Apache-2.0

import ServiceModel
import XTables

// Which rules count what, and what in a kernel is a Service's.
extension FlatLayout {
    /// All rules that translate: each endpoint has one.
    package static func endpointRules(of servicePort: CompiledServicePort) -> [CounterKey] {
        var found: [CounterKey] = []
        for chain in servicePort.chains.nat {
            for rule in chain.rules {
                guard case .destinationNAT = rule.target, let key = CounterKey(rule, in: chain.name) else { continue }
                found.append(key)
            }
        }
        return found
    }

    // Counters are read under the names of the chains that parts belong to (``ChainOwnership/whole(of:in:)``).

    package static func refusingRules(of servicePort: CompiledServicePort) -> [RefusingRule] {
        KubeProxyLayout.refusingRules(of: servicePort)
    }

    package var invalidPacketRules: [CounterKey] { base.invalidPacketRules }

    package func localhostNodePortRules(of servicePorts: [CompiledServicePort]) -> [CounterKey] {
        base.localhostNodePortRules(of: servicePorts)
    }

    package static func sharedChains(in table: Table) -> [ChainName] {
        KubeProxyLayout.sharedChains(in: table) + (table == .nat ? [FlatChains.clusterIPs] : [])
    }

    package static func home(ofRulesIn chain: ChainName) -> ChainName { chain }

    package static let sharedTargets = KubeProxyLayout.sharedTargets

    package static func isServicePortChain(_ chain: ChainName) -> Bool {
        KubeProxyLayout.isServicePortChain(chain) || chain.hasPrefix(FlatChains.endpointGroup)
    }
}

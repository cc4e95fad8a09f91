// SPDX-License-Identifier: Apache-2.0

import ServiceModel
import XTables

// What in a kernel is a Service's, so that it can be kept.
extension KubeProxyLayout {
    package static func sharedChains(in table: Table) -> [ChainName] {
        switch table {
        case .nat: [KubeProxyChains.services, KubeProxyChains.nodePorts]
        case .filter:
            [
                KubeProxyChains.services, KubeProxyChains.externalServices, KubeProxyChains.nodePorts,
                KubeProxyChains.proxyFirewall, RetryRules.frontEnds,
            ]
        case .mangle, .raw, .security: []
        }
    }

    package static func home(ofRulesIn chain: ChainName) -> ChainName {
        chain == FlatChains.clusterIPs ? KubeProxyChains.services : chain
    }

    package static let sharedTargets: Set<ChainName> = [KubeProxyChains.markMasquerade]

    package static func isServicePortChain(_ chain: ChainName) -> Bool {
        chain.withBytes { bytes in
            ServicePortChains.Prefix.all.contains { bytes.starts(with: $0.description.utf8) }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import XTables

/// The chains that only the flat layout has; those that it shares with kube-proxy's are in ``KubeProxyChains``.
enum FlatChains {
    /// Cluster IPs.
    static let clusterIPs: ChainName = "KUBE-CLUSTER-IPS"
    /// Cluster IPs, for packets that are to be masqueraded if there is such a Service.
    static let masqueradedClusterIPs: ChainName = "KUBE-CLUSTER-IPS-MASQ"
    /// How the names of chains begin that choose among some of the endpoints of a service port.
    static let endpointGroup: StaticString = "KUBE-SVG-"

    /// The chains a table always has besides those of kube-proxy's layout.
    static func all(in table: Table) -> [ChainName] {
        switch table {
        case .nat: [clusterIPs, masqueradedClusterIPs]
        case .filter, .mangle, .raw, .security: []
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import XTables

/// Chains of Kubernetes that are no layout's.
package enum Leftovers {
    /// What only cleanup removes: chains that a former kube-proxy left, and whose rules do nothing.
    static let ownership = ChainOwnership(
        [
            .nat: ChainOwnership.TableEntry(leftovers: ["KUBE-PROXY-CANARY"]),
            .filter: ChainOwnership.TableEntry(leftovers: ["KUBE-PROXY-CANARY"]),
        ],
        jumpComments: [])

    /// Whether a chain outside of our tables, by its name, belongs to a kube-proxy in iptables mode: the kubelet has chains of
    /// its own.
    package static func isOfKubeProxy(_ chain: String) -> Bool { chain.hasPrefix("KUBE-") && !kubelet.contains(chain) }

    /// Chains that the kubelet makes for itself, and that do nothing to Services.
    ///
    /// Until Kubernetes 1.28 it made the last three too (KEP-3178; pkg/kubelet/kubelet_network_linux.go).
    private static let kubelet: Set<String> = [
        "KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY", "KUBE-FIREWALL", "KUBE-MARK-DROP", "KUBE-MARK-MASQ",
        "KUBE-POSTROUTING",
    ]
}

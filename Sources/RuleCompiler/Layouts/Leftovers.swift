import XTables

/// Chains of Kubernetes that are no layout's.
package enum Leftovers {
    /// What only cleanup removes: chains that a former kube-proxy left, and whose rules do nothing.
    static let ownership = ChainOwnership(
        tables: [
            .nat: ChainOwnership.TableEntry(leftovers: ["KUBE-PROXY-CANARY"]),
            .filter: ChainOwnership.TableEntry(leftovers: ["KUBE-PROXY-CANARY"]),
        ],
        jumpComments: [])

    /// Chains that the kubelet makes for itself, and that do nothing to Services.
    ///
    /// Until Kubernetes 1.28 it made the last three too (KEP-3178; pkg/kubelet/kubelet_network_linux.go).
    private static let kubelet: Set<String> = [
        "KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY", "KUBE-FIREWALL", "KUBE-MARK-DROP", "KUBE-MARK-MASQ",
        "KUBE-POSTROUTING",
    ]

    /// Whether a chain of this name is one of a kube-proxy in mode iptables, and not of the kubelet.
    package static func isOfKubeProxy(_ name: String) -> Bool { name.hasPrefix("KUBE-") && !kubelet.contains(name) }
}

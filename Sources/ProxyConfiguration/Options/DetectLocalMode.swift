/// How pods on this node are told apart from everybody else (kube-proxy's `--detect-local-mode`).
public enum DetectLocalMode: String, Sendable, Hashable, CaseIterable {
    /// By the cluster's pod ranges (`--cluster-cidr`).
    case clusterCIDR = "ClusterCIDR"
    /// By the pod ranges of this node (`spec.podCIDRs`).
    case nodeCIDR = "NodeCIDR"
    /// By the bridge all pods of the node are behind (`--pod-bridge-interface`).
    case bridgeInterface = "BridgeInterface"
    /// By the beginning of the names of the pods' interfaces (`--pod-interface-name-prefix`).
    case interfaceNamePrefix = "InterfaceNamePrefix"
}

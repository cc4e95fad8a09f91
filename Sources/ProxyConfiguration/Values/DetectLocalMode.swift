// SPDX-License-Identifier: Apache-2.0

/// How traffic from pods of this node is recognized (kube-proxy's `--detect-local-mode`).
package enum DetectLocalMode: String, Sendable, Hashable, CaseIterable {
    /// By the cluster's pod ranges (`--cluster-cidr`).
    case clusterCIDR = "ClusterCIDR"
    /// By the pod ranges of this node (`spec.podCIDRs`).
    case nodeCIDR = "NodeCIDR"
    /// By the bridge that all pods of the node are attached to (`--pod-bridge-interface`).
    case bridgeInterface = "BridgeInterface"
    /// By the prefix of the names of the pods' interfaces (`--pod-interface-name-prefix`).
    case interfaceNamePrefix = "InterfaceNamePrefix"
}

// SPDX-License-Identifier: Apache-2.0

import XTables

/// A program whose chains are known by their names; it changes a node's rules for purposes of its own, with Services in mind
/// or out of their way.
package enum ForeignOwner: String, Sendable, Hashable, CaseIterable {
    case docker = "Docker"
    case podman = "Podman"
    case cri = "CRI-O"
    /// The plugins portmap, bridge, ptp and firewall (containernetworking/plugins).
    case cni = "CNI plugins"
    case calico = "Calico"
    case cilium = "Cilium"
    case flannel = "flannel"
    case kubeRouter = "kube-router"
    case firewalld = "firewalld"
    case ufw = "ufw"
    case libvirt = "libvirt"

    /// The program that makes chains of a name; `nil` if it is none of these.
    ///
    /// - Parameter parent: the program of the chain that led there: firewalld's zones have names that say nothing by
    ///   themselves.
    package init?(of chain: ChainName, below parent: ForeignOwner? = nil) {
        let known = Self.names.first { $0.chains.contains(chain) || $0.prefixes.contains { chain.hasPrefix($0) } }
        if let known {
            self = known.owner
        } else if parent == .firewalld, Self.zonePrefixes.contains(where: { chain.hasPrefix($0) }) {
            self = .firewalld
        } else {
            return nil
        }
    }

    /// The program that makes rules with a comment; `nil` if it is none of these.
    package init?(comment: String) {
        guard let known = Self.comments.first(where: { comment.hasPrefix($0.prefix) }) else { return nil }
        self = known.owner
    }

    /// The program whose bridge an interface is; `nil` if it is none of these.
    package init?(interface: InterfaceMatch) {
        guard !interface.isWildcard else { return nil }
        // Docker names the bridges of its networks by the first twelve digits of their IDs.
        let digits = interface.name.utf8.dropFirst("br-".utf8.count)
        let isNetwork =
            interface.name.hasPrefix("br-") && digits.count == 12
            && digits.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard isNetwork || ["docker0", "docker_gwbridge"].contains(interface.name) else { return nil }
        self = .docker
    }

    private struct Names {
        let owner: ForeignOwner
        var chains: Set<ChainName> = []
        var prefixes: [StaticString] = []
    }

    private static let names = [
        Names(owner: .docker, chains: ["DOCKER"], prefixes: ["DOCKER-", "DOCKER_"]),
        Names(owner: .podman, prefixes: ["NETAVARK"]),
        Names(owner: .cri, chains: ["KUBE-HOSTPORTS"], prefixes: ["KUBE-HP-", "CRIO-"]),
        Names(owner: .cni, prefixes: ["CNI-"]),
        Names(owner: .calico, prefixes: ["cali-", "felix-"]),
        Names(owner: .cilium, prefixes: ["CILIUM_", "OLD_CILIUM_"]),
        Names(owner: .flannel, prefixes: ["FLANNEL-"]),
        Names(owner: .kubeRouter, prefixes: ["KUBE-ROUTER-", "KUBE-POD-FW-", "KUBE-NWPLCY-"]),
        Names(
            owner: .firewalld,
            prefixes: [
                "INPUT_direct", "INPUT_ZONES", "INPUT_POLICIES_", "FORWARD_direct", "FORWARD_IN_ZONES",
                "FORWARD_OUT_ZONES",
                "FORWARD_ZONES", "FORWARD_POLICIES_", "OUTPUT_direct", "OUTPUT_POLICIES_", "OUTPUT_ZONES",
                "PREROUTING_direct", "PREROUTING_ZONES", "PREROUTING_POLICIES_", "POSTROUTING_direct",
                "POSTROUTING_ZONES",
                "POSTROUTING_POLICIES_",
            ]),
        Names(owner: .ufw, prefixes: ["ufw-", "ufw6-"]),
        Names(owner: .libvirt, prefixes: ["LIBVIRT_"]),
    ]

    private static let zonePrefixes: [StaticString] = ["IN_", "OUT_", "FWD_", "FWDI_", "FWDO_", "PRE_", "POST_"]

    private static let comments: [(prefix: String, owner: ForeignOwner)] = [
        ("flanneld ", .flannel), ("cali:", .calico), ("cilium", .cilium), ("kube-router ", .kubeRouter),
        ("CNI ", .cni), ("CNI-HN ", .cni), ("kube hostport", .cri),
    ]
}

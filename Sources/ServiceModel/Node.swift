// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The node that rules are made for.
public struct Node: Sendable, Hashable {
    /// The label that names the node's zone.
    public static let zoneLabel = "topology.kubernetes.io/zone"

    /// The node's name, by which endpoints name the node they run on.
    public var name: String
    /// The node's addresses, the primary one of each family first.
    public var addresses: [IPAddress]
    /// The node's labels; only ``zoneLabel`` has an effect.
    public var labels: [String: String]
    /// The ranges that pods on this node get their addresses from (`spec.podCIDRs`).
    public var podCIDRs: [CIDR]

    /// A node, by default without addresses, labels and pod ranges.
    public init(
        name: String, addresses: [IPAddress] = [], labels: [String: String] = [:], podCIDRs: [CIDR] = []
    ) {
        self.name = name
        self.addresses = addresses
        self.labels = labels
        self.podCIDRs = podCIDRs
    }

    /// The zone the node is in, if it has the label.
    public var zone: String? { labels[Node.zoneLabel] }

    /// The node's primary address of a family; the loopback address if it has none, as kube-proxy assumes.
    public func primaryAddress(_ family: IPFamily) -> IPAddress {
        addresses.first { $0.family == family } ?? .loopback(family)
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel

/// On which of the node's addresses node ports answer (`--nodeport-addresses`).
public enum NodePortAddresses: Sendable, Hashable {
    /// On the addresses in these ranges; without a range of a family, on all addresses of that family.
    case ranges([CIDR])
    /// On the node's primary address of each family.
    case primary

    /// The ranges that count for a family (pkg/proxy/util/nodeport_addresses.go).
    func effectiveRanges(_ family: IPFamily, node: Node) -> [CIDR] {
        switch self {
        case .primary:
            return [CIDR(host: node.primaryAddress(family))]
        case .ranges(let ranges):
            let own = ranges.filter { $0.family == family }
            let everything = CIDR(.any(family), prefixLength: 0)
            return own.isEmpty || own.contains(where: \.isEverything) ? [everything] : own
        }
    }

    /// Whether node ports may answer on IPv4 loopback addresses.
    public func containsIPv4Loopback(node: Node) -> Bool {
        effectiveRanges(.ipv4, node: node).contains { range in
            range.address.isLoopback || range.contains(.loopback(.ipv4))
        }
    }
}

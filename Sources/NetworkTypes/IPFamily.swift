// SPDX-License-Identifier: Apache-2.0

/// The two worlds a rule can live in; every table, chain and rule belongs to exactly one of them.
public enum IPFamily: String, Sendable, Hashable, CaseIterable, Codable {
    /// IPv4: `iptables`, libip4tc.
    case ipv4
    /// IPv6: `ip6tables`, libip6tc.
    case ipv6

    /// The number of bits in an address of this family: 32 or 128.
    public var addressBits: Int {
        switch self {
        case .ipv4: 32
        case .ipv6: 128
        }
    }

    /// The name the Kubernetes API uses, for example in `EndpointSlice.addressType`: `IPv4` or `IPv6`.
    public var kubernetesName: String {
        switch self {
        case .ipv4: "IPv4"
        case .ipv6: "IPv6"
        }
    }

    /// The other family.
    public var other: IPFamily {
        switch self {
        case .ipv4: .ipv6
        case .ipv6: .ipv4
        }
    }
}

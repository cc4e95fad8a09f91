// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

// What the kernel answers about an address.
extension NodeNetwork {
    /// The name of the loopback interface.
    static let loopbackInterface = "lo"

    /// Whether an address is one of this host's.
    public func isLocal(_ address: IPAddress) -> Bool { address.isLoopback || localAddresses.contains(address) }

    /// Where packets to an address go.
    enum NextHop: Hashable {
        /// To this host itself.
        case thisHost
        /// To another host; what is not known is `nil`.
        case otherHost(Route?)
        /// Nowhere.
        case none
    }

    func nextHop(to address: IPAddress) -> NextHop {
        if isLocal(address) { return .thisHost }
        guard let routes else { return .otherHost(nil) }
        var best: Route?
        for route in routes where route.range.contains(address) {
            if route.range.prefixLength > best?.range.prefixLength ?? -1 { best = route }
        }
        return best.map { .otherHost($0) } ?? .none
    }

    /// The address that a packet to `destination` gets as its source if this host chooses; `nil` if it is not known.
    ///
    /// For a process that connects, and for MASQUERADE: `inet_select_addr` and `ipv6_dev_get_saddr`, as far as addresses
    /// of one interface and one scope are concerned.
    public func source(for destination: IPAddress) -> IPAddress? {
        switch nextHop(to: destination) {
        case .thisHost: destination
        case .otherHost(let route?): route.source ?? masqueradeAddress(for: destination)
        case .otherHost(nil), .none: nil
        }
    }

    /// The address that MASQUERADE gives to packets to a destination: other than a process's, without a route's `src`.
    func masqueradeAddress(for destination: IPAddress) -> IPAddress? {
        switch nextHop(to: destination) {
        // Of IPv6 addresses, the destination itself is the best source (RFC 6724, rule 1).
        case .thisHost where destination.family == .ipv6: destination
        case .thisHost: address(of: Self.loopbackInterface, nearest: destination)
        case .otherHost(let route?): address(of: route.interface, nearest: route.gateway ?? destination)
        case .otherHost(nil), .none: nil
        }
    }

    /// The address of an interface for packets to a neighbour on its link; those of loopback and of a link alone are none.
    private func address(of interface: String, nearest neighbour: IPAddress) -> IPAddress? {
        func isEligible(_ address: InterfaceAddress) -> Bool {
            let address = address.address
            return address.family == neighbour.family && !address.isLoopback && !address.isLinkLocal
        }
        let own = interfaces.first { $0.name == interface }?.addresses.filter(isEligible) ?? []
        if let near = own.first(where: { $0.link.contains(neighbour) }) ?? own.first { return near.address }
        // An interface without an address borrows one of another interface.
        return interfaces.lazy.flatMap(\.addresses).first(where: isEligible)?.address
    }

    /// Whether an address is of one of some types, with one bit for each `RTN_…` of linux/rtnetlink.h.
    ///
    /// As xt_addrtype.c asks: for IPv4 the table of local addresses, for IPv6 all types at once.
    func isOfType(_ types: UInt16, _ address: IPAddress) -> Bool {
        switch address.family {
        case .ipv4: return types & (1 << ipv4Type(address).rawValue) != 0
        case .ipv6: break
        }
        let isMulticast = address.high >> 56 == 0xff
        if types & AddressType.multicast.bit != 0, !isMulticast { return false }
        if types & AddressType.unicast.bit != 0, isMulticast || address.isAny { return false }
        if types & AddressType.unspecified.bit != 0, !address.isAny { return false }
        let routed = AddressType.local.bit | AddressType.anycast.bit | AddressType.unreachable.bit
        guard types & routed != 0 else { return true }
        switch nextHop(to: address) {
        case .thisHost: return types & AddressType.local.bit != 0
        case .none: return types & AddressType.unreachable.bit != 0
        case .otherHost: return false
        }
    }

    private func ipv4Type(_ address: IPAddress) -> AddressType {
        if address.low >> 24 == 0 || address.low == 0xffff_ffff { return .broadcast }
        if address.low >> 28 == 0xe { return .multicast }
        if isLocal(address) { return .local }
        let isLast = interfaces.lazy.flatMap(\.addresses).contains { $0.isBroadcast(address) }
        return isLast ? .broadcast : .unicast
    }
}

extension IPAddress {
    /// Whether this is an IPv6 address that is valid on one link only: fe80::/10.
    fileprivate var isLinkLocal: Bool { family == .ipv6 && high >> 54 == 0xfe80 >> 6 }
}

/// The types of addresses that rules ask for (`RTN_…`, linux/rtnetlink.h).
enum AddressType: UInt16 {
    case unspecified = 0
    case unicast = 1
    case local = 2
    case broadcast = 3
    case anycast = 4
    case multicast = 5
    case unreachable = 7

    var bit: UInt16 { 1 << rawValue }
}

extension NodeNetwork.InterfaceAddress {
    /// The longest prefix of a link with an address for all of its hosts.
    private static let longestBroadcastPrefix = 30

    /// Whether an address stands for all hosts of the link: the last one; since Linux 5.14 no longer the first one too.
    fileprivate func isBroadcast(_ address: IPAddress) -> Bool {
        guard link.family == .ipv4, link.prefixLength <= Self.longestBroadcastPrefix else { return false }
        return address.family == .ipv4 && address.low == link.address.low | ~link.mask.low & 0xffff_ffff
    }
}

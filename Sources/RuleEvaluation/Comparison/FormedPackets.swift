// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The packets whose rules have a form.
enum FormedPackets {
    /// Those to an address.
    case to(IPAddress)
    /// Those to a port of addresses outside of some.
    case toPort(UInt16, DestinationsOutside)
}

/// Addresses that packets are not for, and what indexes leave of their rules then.
final class DestinationsOutside {
    private let addresses: Set<IPAddress>
    private var places: [DispatchIndex: [Int]] = [:]

    init(_ addresses: Set<IPAddress>) { self.addresses = addresses }

    func excludes(_ address: IPAddress) -> Bool { addresses.contains(address) }

    /// The places of the rules that packets can match, apart from those for single ports.
    func places(_ index: DispatchIndex) -> [Int] {
        if let known = places[index] { return known }
        var left = index.unindexed
        for (address, rules) in index.byAddress where !excludes(address) { left += rules }
        left.sort()
        places[index] = left
        return left
    }
}

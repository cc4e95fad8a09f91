// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Finds the few rules of a long chain that a packet can match, by its destination.
///
/// The chains that lead to Services have some rules for each of thousands of addresses and ports. A rule that asks for one
/// address, or without that for one port, is tried for packets to it only; all others are tried for every packet.
final class DispatchIndex: Sendable {
    /// Up to so many rules are tried one by one.
    static let shortestChain = 16

    let byAddress: [IPAddress: [Int]]
    let byPort: [UInt16: [Int]]
    /// The places of the rules for packets to any destination.
    let unindexed: [Int]

    /// Indexes rules; `nil` if nothing would be gained.
    init?(_ rules: some Sequence<DecodedRule>) {
        var byAddress: [IPAddress: [Int]] = [:]
        var byPort: [UInt16: [Int]] = [:]
        var others: [Int] = []
        var count = 0
        for (place, rule) in rules.enumerated() {
            count += 1
            if let address = rule.destinationHost {
                byAddress[address, default: []].append(place)
            } else if let port = rule.destinationPort {
                byPort[port, default: []].append(place)
            } else {
                others.append(place)
            }
        }
        guard others.count * 2 < count else { return nil }
        self.byAddress = byAddress
        self.byPort = byPort
        unindexed = others
    }

    /// The places of the rules that a packet to this destination can match, in their order.
    func candidates(_ destination: IPAddress, _ port: UInt16?) -> [Int] {
        var places = unindexed
        if let found = byAddress[destination] { places += found }
        if let port, let found = byPort[port] { places += found }
        if places.count > unindexed.count { places.sort() }
        return places
    }

    /// The addresses that rules ask for.
    var addresses: Dictionary<IPAddress, [Int]>.Keys { byAddress.keys }
    /// The ports that rules without an address ask for.
    var ports: Dictionary<UInt16, [Int]>.Keys { byPort.keys }

    func contains(_ address: IPAddress) -> Bool { byAddress[address] != nil }
    func contains(_ port: UInt16) -> Bool { byPort[port] != nil }
}

extension DispatchIndex: Hashable {
    /// Each index is another one, whatever it has.
    static func == (left: DispatchIndex, right: DispatchIndex) -> Bool { left === right }

    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

extension DecodedRule {
    /// The only destination address that the rule matches; `nil` if there are others.
    fileprivate var destinationHost: IPAddress? {
        switch self {
        case .known(let rule): rule.destination?.host
        case .foreign, .malformed: nil
        }
    }

    /// The only destination port that the rule matches; `nil` if there are others, or packets without ports match.
    fileprivate var destinationPort: UInt16? {
        guard case .known(let rule) = self else { return nil }
        for case .transport(_, let port?) in rule.matches { return port }
        return nil
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// Chooses endpoints by the client's address, with nothing to remember: the same endpoint for a client on every node.
///
/// The i-th of n endpoints gets one out of n − i of the clients that those before it left; which ones, decides a hash with a seed
/// that follows from the endpoint. When an endpoint goes, those behind it keep all clients that they had, and those before it take
/// some more. So of n endpoints, the first one moves its own clients only, one out of n; one in the middle about two out of n, which
/// is the average; and the last one 1 + ln n out of n.
///
/// The kernel divides into ``ClientShare/maximumCount(_:)`` shares at most, which are few for IPv4. For a smaller one, a chain of the
/// endpoint compares one bit after the other of a second hash with those of the wanted share.
struct ClientHash {
    /// How many bits are compared: shares are right to one client in two million.
    private static let bits = 16

    /// Whether the choice among so many endpoints needs chains for smaller shares.
    static func needsChains(_ count: Int, _ family: IPFamily) -> Bool { count > ClientShare.maximumCount(family) }

    /// The endpoint.
    private let hash: UInt64
    /// The most shares that the kernel divides into.
    private let maximumCount: Int

    init(_ endpoint: AddressPort) {
        hash = endpoint.stableHash
        maximumCount = ClientShare.maximumCount(endpoint.address.family)
    }

    /// What a rule must ask to take one out of `count` clients, or to lead to the chain that does; nothing for all clients.
    func matches(oneOutOf count: Int) -> [Match] {
        count > 1 ? [.clients(ClientShare(oneOutOf: min(count, maximumCount), seed: seed(0)))] : []
    }

    /// The rules of the chain that takes one out of `count` clients, of which one out of ``ClientShare/maximumCount(_:)`` come
    /// to it.
    ///
    /// - Parameter target: where those go that are taken; all others return.
    func rules(oneOutOf count: Int, to target: Target, origin: Origin) -> [Rule] {
        let share = (maximumCount << Self.bits) / count
        var rules: [Rule] = []
        // Taken are those whose bits are a smaller number than the share, each bit being 0 for half of the clients; behind the last
        // bit that is set, none is smaller.
        for bit in 1...(Self.bits - share.trailingZeroBitCount) {
            let isSet = share >> (Self.bits - bit) & 1 == 1
            let half = ClientShare(oneOutOf: 2, seed: seed(bit), isInverted: !isSet)
            rules.append(Rule(matches: [.clients(half)], target: isSet ? target : .return, origin: origin))
        }
        return rules
    }

    /// The seed of a bit; 0 for the first choice.
    private func seed(_ bit: Int) -> UInt32 {
        var mixed = hash &+ UInt64(bit) &* 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        return UInt32(truncatingIfNeeded: mixed >> 32)
    }
}

/// The rules of one chain that choose among endpoints by the client's address.
struct ClientChoice {
    /// How the names of chains begin that take less than one out of ``ClientShare/maximumCount(_:)`` clients.
    static let chainPrefix: StaticString = "KUBE-SVH-"

    private let names: ServicePortChains
    private let chain: ChainName
    private let origin: Origin
    private let count: Int

    /// - Parameters:
    ///   - chain: the chain with the rules.
    ///   - count: how many endpoints there are to choose from.
    init(_ names: ServicePortChains, _ chain: ChainName, _ origin: Origin, count: Int) {
        self.names = names
        self.chain = chain
        self.origin = origin
        self.count = count
    }

    /// The rule for one endpoint.
    ///
    /// - Parameters:
    ///   - index: how many endpoints come before.
    ///   - rule: the rule that sends all clients to it.
    ///   - chains: gets the chain that it leads to first, if there is one.
    func rule(
        at index: Int, for item: UsableEndpoints.Item, _ rule: Rule, _ chains: inout [Chain]
    ) -> Rule {
        let remaining = count - index
        let hash = ClientHash(item.endpoint.addressPort)
        var rule = rule
        if ClientHash.needsChains(remaining, item.endpoint.address.family), let target = rule.target {
            let name = names.name(Self.chainPrefix, group: "\(chain.description.prefix(9))\(item.endpoint)")
            chains.append(
                Chain(
                    name: name, rules: hash.rules(oneOutOf: remaining, to: target, origin: item.origin),
                    origin: item.origin))
            rule.target = .jump(name)
        }
        rule.matches += hash.matches(oneOutOf: remaining)
        return rule
    }
}

extension AddressPort {
    /// A hash that is the same on every machine and in every run (FNV-1a, with the last step of MurmurHash3).
    var stableHash: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for word in [address.high, address.low, UInt64(port)] {
            for byte in 0..<8 { hash = (hash ^ (word >> UInt64(byte * 8) & 0xff)) &* 0x0000_0100_0000_01b3 }
        }
        hash = (hash ^ hash >> 33) &* 0xff51_afd7_ed55_8ccd
        return hash ^ hash >> 33
    }
}

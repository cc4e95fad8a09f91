// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// Rules for addresses and ports, laid out as a tree of chains, so that a packet meets few of them on its way to its own.
///
/// It is a trie over the bits of address, protocol and port. A place with few rules holds them as they are; a place with more
/// has a rule for each value of the next two bits in which they differ, which leads to a chain. Two bits at a time kept both
/// the number of chains and the number of rules that a packet meets low: ten thousand addresses take some six hundred chains,
/// and a packet meets twenty rules on the average, of which most compare one address.
///
/// The shape follows from the rules alone, in whatever order they came. One rule more or less changes the place that it
/// belongs to, which now and then is divided, or put together again.
struct DispatchTree: Sendable {
    /// The most front ends that one chain holds; as many addresses are compared in a tenth of a microsecond.
    static let capacity = 32
    /// Up to so many stand in the chain above, as a chain of their own would take as many entries.
    private static let inlineCapacity = 3

    /// What packets are looked up by.
    struct Key: Hashable, Comparable, Sendable {
        /// The address, as `IPAddress` holds it; zeros for none.
        fileprivate let high: UInt64
        fileprivate let low: UInt64
        /// Two bits for the protocol, then the port.
        fileprivate let tail: UInt32

        static func < (left: Key, right: Key) -> Bool {
            (left.high, left.low, left.tail) < (right.high, right.low, right.tail)
        }
    }

    /// The rules that one service port has for one front end.
    private struct Item: Sendable {
        let key: Key
        let servicePort: ServicePortName
        let rules: [Rule]
    }

    let family: IPFamily
    /// How the names of chains below the root begin.
    let prefix: StaticString
    /// Ordered by key, then by service port: of two that claim one front end, the first one gets it.
    private var items: [Item] = []

    init(_ family: IPFamily, prefix: StaticString) {
        self.family = family
        self.prefix = prefix
    }

    // MARK: Changes

    /// Takes the rules of service ports in, which come ordered by name; faster than one by one.
    mutating func fill(_ rules: [(key: Key, servicePort: ServicePortName, rules: [Rule])]) {
        items = rules.map { Item(key: $0.key, servicePort: $0.servicePort, rules: $0.rules) }
        // What is equal stays in its order.
        let order = items.indices.sorted { left, right in
            items[left].key != items[right].key ? items[left].key < items[right].key : left < right
        }
        items = order.map { items[$0] }
    }

    /// Puts rules of a service port in the place of those that it has for a front end; none to take them out.
    mutating func replace(_ key: Key, of servicePort: ServicePortName, by rules: [Rule]) {
        let place = position { $0.key != key ? $0.key < key : $0.servicePort < servicePort }
        let isKnown = place < items.count && items[place].key == key && items[place].servicePort == servicePort
        switch (isKnown, rules.isEmpty) {
        case (true, true): items.remove(at: place)
        case (true, false): items[place] = Item(key: key, servicePort: servicePort, rules: rules)
        case (false, false): items.insert(Item(key: key, servicePort: servicePort, rules: rules), at: place)
        case (false, true): break
        }
    }

    private func position(from start: Int = 0, _ isBefore: (Item) -> Bool) -> Int {
        var (low, high) = (start, items.count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(items[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // MARK: Chains

    /// Which chains below the root are made.
    private enum Extent {
        case all
        /// Those on the way to a front end, down to where one change can move everything.
        case around(Key)
        case none
    }

    /// The rules at the root, and the chains below it.
    var content: (root: [Rule], chains: [Chain]) {
        var chains: [Chain] = []
        let root = rules(of: items.indices, &chains, .all)
        return (root, chains)
    }

    /// The rules at the root alone.
    var root: [Rule] {
        var chains: [Chain] = []
        return rules(of: items.indices, &chains, .none)
    }

    /// The chains below the root whose content a change for a front end can touch.
    func chains(around key: Key) -> [Chain] {
        var chains: [Chain] = []
        _ = rules(of: items.indices, &chains, .around(key))
        return chains
    }

    private func rules(of range: Range<Int>, _ chains: inout [Chain], _ extent: Extent) -> [Rule] {
        guard range.count > Self.capacity, let first = items[range].first?.key, let last = items[range].last?.key,
            first != last
        else { return range.flatMap { items[$0].rules } }
        var extent = extent
        if case .around = extent, range.count <= Self.capacity * 2 { extent = .all }
        let length = commonBits(first, last) + Self.bitsAtOnce
        var rules: [Rule] = []
        var start = range.lowerBound
        while start < range.upperBound {
            let sample = items[start].key
            let bound = bits(sample, length)
            let end = min(range.upperBound, position(from: start) { bits($0.key, length) <= bound })
            if end - start <= Self.inlineCapacity {
                for index in start..<end { rules += items[index].rules }
            } else {
                let name = name(sample, length)
                rules.append(rule(leadingTo: name, for: sample, length))
                let isMade =
                    switch extent {
                    case .all: true
                    case .around(let key): bits(key, length) == bound
                    case .none: false
                    }
                if isMade {
                    let below = self.rules(of: start..<end, &chains, extent)
                    chains.append(Chain(name: name, rules: below, origin: .base(.dispatch)))
                }
            }
            start = end
        }
        return rules
    }

    private func rule(leadingTo chain: ChainName, for sample: Key, _ length: Int) -> Rule {
        var rule = Rule(target: .jump(chain), origin: .base(.dispatch))
        guard length > family.addressBits else {
            rule.destination = AddressMatch(CIDR(address(sample), prefixLength: length))
            return rule
        }
        let transport = sample.transport
        rule.transport = transport
        let ports = ports(sample, length)
        if ports.count == 1 {
            rule.matches = [.transport(transport, destinationPort: ports.lowerBound)]
        } else if ports != 0...UInt16.max {
            rule.matches = [.ports(transport, ports)]
        }
        return rule
    }

    /// The name of the chain for all keys that share the first bits with a key; a hash where it would be too long.
    private func name(_ key: Key, _ length: Int) -> ChainName {
        let range = CIDR(address(key), prefixLength: min(length, family.addressBits))
        var text = key.high == 0 && key.low == 0 ? "" : "\(range)"
        if length > family.addressBits {
            let ports = ports(key, length)
            text += "\(text.isEmpty ? "" : ":")\(key.transport.rawValue)-\(ports.lowerBound)-\(ports.upperBound)"
        }
        return ServicePortChains.name(prefix, text: text)
    }

    // MARK: Bits

    private static let bitsAtOnce = 2
    private static let protocolBits = 2
    private static let portBits = UInt16.bitWidth

    /// The ports of all keys that share the first bits with a key.
    private func ports(_ key: Key, _ length: Int) -> ClosedRange<UInt16> {
        let free = Self.portBits - max(0, length - family.addressBits - Self.protocolBits)
        let others = UInt16(truncatingIfNeeded: (UInt32(1) << UInt32(free)) - 1)
        let port = UInt16(truncatingIfNeeded: key.tail)
        return (port & ~others)...(port | others)
    }

    /// How many bits two keys have in common, rounded down to an even number.
    private func commonBits(_ left: Key, _ right: Key) -> Int {
        let skipped = UInt64.bitWidth * 2 - family.addressBits
        var common: Int
        if left.high != right.high {
            common = (left.high ^ right.high).leadingZeroBitCount
        } else if left.low != right.low {
            common = UInt64.bitWidth + (left.low ^ right.low).leadingZeroBitCount
        } else {
            let unused = UInt32.bitWidth - Self.protocolBits - Self.portBits
            common = UInt64.bitWidth * 2 + (left.tail ^ right.tail).leadingZeroBitCount - unused
        }
        common -= skipped
        return common - common % Self.bitsAtOnce
    }

    /// The first bits of a key, the others as zeros.
    private func bits(_ key: Key, _ length: Int) -> Key {
        let address = UInt128(key.high) << 64 | UInt128(key.low)
        let kept = min(length, family.addressBits)
        let masked = kept == 0 ? 0 : address & (UInt128.max << UInt128(family.addressBits - kept))
        let tailBits = Self.protocolBits + Self.portBits
        let free = UInt32(tailBits - max(0, length - family.addressBits))
        return Key(
            high: UInt64(truncatingIfNeeded: masked >> 64), low: UInt64(truncatingIfNeeded: masked),
            tail: key.tail & ~((1 << free) - 1))
    }

    private func address(_ key: Key) -> IPAddress {
        switch family {
        case .ipv4: IPAddress(ipv4: UInt32(truncatingIfNeeded: key.low))
        case .ipv6: IPAddress(ipv6High: key.high, low: key.low)
        }
    }
}

extension DispatchTree.Key {
    /// The key of a front end.
    init(_ frontEnd: FrontEnd) {
        high = frontEnd.address?.high ?? 0
        low = frontEnd.address?.low ?? 0
        let number = Self.transports.firstIndex(of: frontEnd.transport) ?? 0
        tail = UInt32(number) << UInt32(UInt16.bitWidth) | UInt32(frontEnd.port)
    }

    private static let transports: [TransportProtocol] = [.tcp, .udp, .sctp]

    fileprivate var transport: TransportProtocol { Self.transports[Int(tail >> UInt32(UInt16.bitWidth))] }
}

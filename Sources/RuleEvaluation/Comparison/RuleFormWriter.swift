// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Writes what two rulesets do with packets to a destination, with numbers in the place of values.
///
/// Rules that no such packet can match for its destination are left out, and so are conditions that all of them meet.
/// Addresses, ports, chains and lists of clients are numbered as they occur; with each address and port stands what all other
/// conditions and the host have about it. Everything else stands as it is.
struct RuleFormWriter {
    private let sides: [RuleEvaluator]
    private let network: NodeNetwork
    private let literals: FormLiterals
    private let family: IPFamily

    private var form: [Int] = []
    /// Whether something depends on values in a way that no numbers show.
    private var isUnique = false

    private var addresses = Numbering<IPAddress>()
    private var ports = Numbering<UInt16>()
    private var lists = Numbering<ChainName>()
    private var chains = Numbering<ChainVisit>()
    /// The destinations that packets have: the one they come with, then those that rules give them.
    private var destinations = Numbering<Destination>()
    private var sourceRanges = Numbering<RuleCondition>()
    private var portRanges = Numbering<RuleCondition>()
    /// Addresses that rules in nat give to packets as their source.
    private var newSources: Set<IPAddress> = []

    init(_ left: RuleEvaluator, _ right: RuleEvaluator, _ network: NodeNetwork, _ literals: FormLiterals) {
        sides = [left, right]
        family = left.family
        self.network = network
        self.literals = literals
    }

    /// Values in the order in which they occur first.
    private struct Numbering<Value: Hashable> {
        private(set) var values: [Value] = []
        private var numbers: [Value: Int] = [:]

        mutating func number(_ value: Value) -> Int {
            if let known = numbers[value] { return known }
            let number = values.count
            numbers[value] = number
            values.append(value)
            return number
        }
    }

    /// A chain as packets to a destination meet it.
    private struct ChainVisit: Hashable {
        let side: Int
        let table: Table
        let name: ChainName
        /// The number of the destination.
        let destination: Int
    }

    /// What is known about where packets go at a place.
    private struct Destination: Hashable {
        /// `nil` if they go to different addresses.
        let address: IPAddress?
        /// `nil` if they go to different ports.
        let port: UInt16?
    }

    /// What stands ahead of a part of a form, so that no two forms can be read in the same way by mistake.
    private enum Word: Int {
        case rule = -1
        case number = -2
        case invertedNumber = -3
        case hasPort = -4
        case end = -5
        case noChain = -6
        case literal = -7
    }

    /// The form of the rules; `nil` if no other packets can have the same one.
    mutating func form(of packets: FormedPackets) -> [Int]? {
        let outside: DestinationsOutside?
        switch packets {
        case .to(let address):
            outside = nil
            _ = destinations.number(Destination(address: address, port: nil))
            _ = addresses.number(address)
        case .toPort(let port, let others):
            outside = others
            _ = destinations.number(Destination(address: nil, port: port))
            _ = ports.number(port)
        }
        enterTables(Self.all, destination: 0)
        var (chain, entered) = (0, 1)
        while !isUnique, chain < chains.values.count || entered < destinations.values.count {
            if chain < chains.values.count {
                write(chains.values[chain], outside)
                chain += 1
            } else {
                enterTables(Self.behindTranslation, destination: entered)
                entered += 1
            }
        }
        for destination in destinations.values { write(destination) }
        for address in addresses.values { write(address) }
        for port in ports.values { write(port) }
        return isUnique ? nil : form
    }

    // MARK: Chains

    private static let all = Table.allCases.flatMap { table in table.builtInChains.map { (table: table, hook: $0) } }

    /// Where packets have the destination that rules have given them: also where those of the host arrive at it.
    private static let behindTranslation = all.filter { place in
        place.table != .nat || (place.hook != .prerouting && place.hook != .output)
    }

    private mutating func enterTables(_ places: [(table: Table, hook: BuiltInChain)], destination: Int) {
        for side in sides.indices {
            for (table, hook) in places {
                // A chain that lets everything pass does what no chain does.
                if let chain = sides[side].tables[table]?[hook.name], chain.count > 0 || chain.policy == .drop {
                    form.append(
                        chains.number(ChainVisit(side: side, table: table, name: hook.name, destination: destination)))
                } else {
                    form.append(Word.noChain.rawValue)
                }
            }
        }
    }

    private mutating func write(_ visit: ChainVisit, _ outside: DestinationsOutside?) {
        guard let chain = sides[visit.side].tables[visit.table]?[visit.name] else {
            form.append(Word.noChain.rawValue)
            return
        }
        let destination = destinations.values[visit.destination]
        let outside = visit.destination == 0 ? outside : nil
        write(.policy(chain.policy))
        if let index = chain.index {
            for place in places(index, destination, outside) { write(chain[place], visit, outside) }
        } else {
            for place in 0..<chain.count { write(chain[place], visit, outside) }
        }
        form.append(Word.end.rawValue)
    }

    /// The places of the rules that packets can match, as far as an index knows.
    private func places(
        _ index: DispatchIndex, _ destination: Destination, _ outside: DestinationsOutside?
    ) -> [Int] {
        var places: [Int]
        if let address = destination.address {
            places = index.unindexed + (index.byAddress[address] ?? [])
        } else if let outside {
            places = outside.places(index)
        } else {
            places = index.unindexed + index.byAddress.values.flatMap(\.self)
        }
        if let port = destination.port {
            places += index.byPort[port] ?? []
        } else {
            places += index.byPort.values.flatMap(\.self)
        }
        return places.sorted()
    }

    // MARK: Rules

    private mutating func write(_ rule: DecodedRule, _ visit: ChainVisit, _ outside: DestinationsOutside?) {
        let destination = destinations.values[visit.destination]
        var canMatch = true
        rule.visitConditions { condition in
            if meets(condition, destination, outside) == false { canMatch = false }
            return canMatch
        }
        guard canMatch else { return }
        form.append(Word.rule.rawValue)
        rule.visitConditions { condition in
            write(condition, destination, outside)
            return true
        }
        write(rule.action(family), visit)
    }

    /// Whether all packets to a destination meet a condition, or none; `nil` if that depends on something else.
    private func meets(
        _ condition: RuleCondition, _ destination: Destination, _ outside: DestinationsOutside?
    ) -> Bool? {
        switch condition {
        case .destination(let masked):
            if let address = destination.address { return masked.matches(address, family: family) }
            if let outside, !masked.isInverted, let host = masked.host(family), outside.excludes(host) { return false }
            return nil
        case .packet(.addressTypes(.destination, let types, let isInverted)):
            return destination.address.map { network.isOfType(types, $0) != isInverted }
        case .packet(.addresses(.destination, let range, let isInverted)):
            return destination.address.map { range.contains($0) != isInverted }
        case .packet(.ports(.destination, let ranges, let isInverted)):
            // Packets without ports never meet it.
            guard let port = destination.port else { return nil }
            return ranges.contains { $0.contains(port) } != isInverted
        default: return nil
        }
    }

    private mutating func write(
        _ condition: RuleCondition, _ destination: Destination, _ outside: DestinationsOutside?
    ) {
        let isMet = meets(condition, destination, outside) == true
        switch condition {
        case .packet(.ports(.destination, let ranges, let isInverted)):
            if isMet {
                form.append(Word.hasPort.rawValue)
            } else if ranges.count == 1, ranges[0].count == 1 {
                write(
                    number: ports.number(ranges[0].lowerBound),
                    .packet(.ports(.destination, [], isInverted: isInverted)))
            } else {
                writeRange(condition)
            }
        case _ where isMet: break
        case .packet(.ports(.either, _, _)): writeRange(condition)
        case .source(let masked):
            if let host = masked.host(family) {
                form.append((masked.isInverted ? Word.invertedNumber : Word.number).rawValue)
                form.append(addresses.number(host))
            } else {
                _ = sourceRanges.number(condition)
                write(.condition(condition))
            }
        case .packet(.addresses(.source, _, _)):
            _ = sourceRanges.number(condition)
            write(.condition(condition))
        case .sameAddresses:
            // As a condition on the source: the destination is one address here, or each packet's own.
            if let address = destination.address {
                write(number: addresses.number(address), .sameAddresses)
            } else {
                write(.condition(condition))
            }
        case .clients(let share):
            // Draws that have nothing to do with each other, whatever their seeds.
            write(.condition(.clients(ClientShare(oneOutOf: share.count, seed: 0, isInverted: share.isInverted))))
        case .recent(let recent):
            let unnamed = RecentMatch(list: "list", action: recent.action)
            write(number: lists.number(recent.list), .recent(unnamed))
        default: write(.condition(condition))
        }
    }

    private mutating func writeRange(_ condition: RuleCondition) {
        _ = portRanges.number(condition)
        write(.condition(condition))
    }

    /// Writes a condition whose value has a number.
    private mutating func write(number: Int, _ condition: RuleCondition) {
        write(.condition(condition))
        form.append(number)
    }

    private mutating func write(_ literal: FormLiterals.Literal) {
        form.append(Word.literal.rawValue)
        form.append(literals.number(literal))
    }

    // MARK: Actions

    private mutating func write(_ action: RuleAction, _ visit: ChainVisit) {
        switch action {
        case .chain(let name, let isGoto):
            write(.action(.chain("chain", isGoto: isGoto)))
            form.append(
                chains.number(
                    ChainVisit(side: visit.side, table: visit.table, name: name, destination: visit.destination)))
        case .translatesDestination(let addresses, let ports):
            translateDestination(addresses, ports, visit)
        case .translatesSource(let addresses):
            if let addresses { newSources.insert(addresses.lowerBound) }
            write(.action(action))
        default: write(.action(action))
        }
    }

    private mutating func translateDestination(
        _ new: ClosedRange<IPAddress>?, _ newPorts: ClosedRange<UInt16>?, _ visit: ChainVisit
    ) {
        guard let new, let newPorts, new.lowerBound == new.upperBound, newPorts.count == 1, visit.destination == 0,
            // To a port of any address: whether that changes anything depends on the address.
            destinations.values[0].address != nil || destinations.values[0].port != newPorts.lowerBound
        else {
            isUnique = true
            return
        }
        _ = destinations.number(Destination(address: new.lowerBound, port: newPorts.lowerBound))
        write(.action(.translatesDestination(nil, ports: nil)))
        form.append(addresses.number(new.lowerBound))
        form.append(ports.number(newPorts.lowerBound))
    }

    // MARK: Values

    /// Writes what the host does with packets to a destination.
    private mutating func write(_ destination: Destination) {
        guard let address = destination.address else { return }
        write(.nextHop(network.nextHop(to: address)))
        write(.address(network.masqueradeAddress(for: address)))
    }

    /// Writes what distinguishes an address from others, as a source or a destination.
    private mutating func write(_ address: IPAddress) {
        // The host gives its own addresses to packets, so they do not stand for themselves alone.
        let isGiven = network.isLocal(address) || newSources.contains(address)
        write(.address(isGiven ? address : nil))
        var types = address.isLoopback ? 1 : 0
        for type in 0..<Self.addressTypeCount where network.isOfType(1 << type, address) { types |= 2 << type }
        form.append(types)
        for range in sourceRanges.values {
            let isIn =
                switch range {
                case .source(let masked): masked.matches(address, family: family)
                case .packet(.addresses(_, let range, _)): range.contains(address)
                default: false
                }
            form.append(isIn ? 1 : 0)
        }
    }

    /// The number of `RTN_…` types that `RuleCondition` can ask for, one bit each.
    private static let addressTypeCount = UInt16.bitWidth

    /// Writes what distinguishes a port from others.
    private mutating func write(_ port: UInt16) {
        // A packet without ports gets port 0.
        if port == 0 { isUnique = true }
        for case .packet(.ports(_, let ranges, _)) in portRanges.values {
            for range in ranges { form.append(range.contains(port) ? 1 : 0) }
        }
    }
}

extension MaskedAddress {
    /// The only address that is meant; `nil` if there are others.
    fileprivate func host(_ family: IPFamily) -> IPAddress? {
        guard mask.prefixLength(family) == family.addressBits else { return nil }
        let host = IPAddress(family, address)
        // An IPv6 address that maps an IPv4 one is no packet's.
        return host.family == family ? host : nil
    }
}

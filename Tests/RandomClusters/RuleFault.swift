// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import TestSupport
import XTables

/// A fault that a layout could make in one rule, and that changes what becomes of some packets.
package enum RuleFault: String, CaseIterable, Sendable {
    case otherEndpointPort, otherEndpointAddress, shareOffByOne, groupShareOff, endpointLeftOut, endpointAlwaysTaken
    case noHairpinMasquerade, noHairpinForwarding, noClusterIPMark, markNotTakenBack, noExternalMark
    case wrongClusterIP, wrongServicePort, otherTransport, partOfTreeLost, rangeTooNarrow
    case wrongNodePort, nodePortsForOthers, sourceRangeLost, sourceRangeTooWide
    case refusalLost, refusalDropped, dropLost, otherAffinityList, otherAffinityTimeout, notRemembered
    case healthCheckLost, localPolicyIgnored, invalidPacketsPass, clientShareOff, otherClients

    /// Rules with the fault in one of those that can have it; `nil` if none can.
    package func applied(to ruleset: Ruleset, _ random: inout SeededGenerator) -> Ruleset? {
        var altered = ruleset
        for index in altered.tables.indices.shuffled(using: &random) {
            let table = altered.tables[index]
            var chains = table.chains
            let places = chains.indices.flatMap { chain in
                chains[chain].rules.indices.filter {
                    change(chains[chain].rules[$0], chains[chain], at: $0, table.table) != nil
                }.map { (chain: chain, rule: $0) }
            }
            guard !places.isEmpty else { continue }
            let place = random.pick(places)
            guard
                let change = change(
                    chains[place.chain].rules[place.rule], chains[place.chain], at: place.rule, table.table)
            else { continue }
            switch change {
            case .replace(let rule): chains[place.chain].rules[place.rule] = rule
            case .remove: chains[place.chain].rules.remove(at: place.rule)
            }
            altered.tables[index] = TableRules(table: table.table, jumps: table.jumps, chains: chains)
            // A jump to a chain that is not there is refused by the kernel.
            let names = Set(chains.map(\.name))
            let isPossible = chains.flatMap(\.rules).allSatisfy { rule in
                if case .jump(let target) = rule.target { names.contains(target) } else { true }
            }
            return isPossible ? altered : nil
        }
        return nil
    }

    private enum Change {
        case replace(Rule)
        case remove
    }

    private func change(_ rule: Rule, _ chain: Chain, at place: Int, _ table: Table) -> Change? {
        var altered = rule
        let purpose = rule.origin.basePurpose
        switch self {
        case .otherEndpointPort:
            guard case .destinationNAT(let address, let port) = rule.target else { return nil }
            altered.target = .destinationNAT(address, port: port ^ 1)
        case .otherEndpointAddress:
            guard case .destinationNAT(let address, let port) = rule.target else { return nil }
            altered.target = .destinationNAT(address.neighbour, port: port)
        case .shareOffByOne:
            guard rule.origin.endpoint != nil, let draw = rule.draw else { return nil }
            let count = Int((1 / draw.probability.value).rounded())
            altered.matches[draw.place] = .random(Probability(oneOutOf: count + 1))
        case .groupShareOff:
            guard rule.origin.endpoint == nil, let draw = rule.draw else { return nil }
            altered.matches[draw.place] = .random(Probability(fraction: draw.probability.fraction / 8 * 7))
        case .endpointLeftOut:
            return rule.origin.endpoint != nil && rule.draw != nil ? .remove : nil
        case .endpointAlwaysTaken:
            guard rule.origin.endpoint != nil, let draw = rule.draw else { return nil }
            altered.matches.remove(at: draw.place)
        case .noHairpinMasquerade:
            return rule.target == .masquerade(randomFully: true) && rule.matches.contains(.sameAddresses)
                ? .remove : nil
        case .noHairpinForwarding:
            return rule.target == .accept && rule.matches.contains(.sameAddresses) ? .remove : nil
        case .noClusterIPMark:
            return purpose == .masqueradeMark && rule.comment != nil ? .remove : nil
        case .markNotTakenBack:
            guard purpose == .masqueradeMark, case .mark(xor: 0, _) = rule.target else { return nil }
            return .remove
        case .noExternalMark:
            guard rule.origin.servicePort != nil, rule.source == nil, case .jump(let target) = rule.target,
                target == "KUBE-MARK-MASQ"
            else { return nil }
            return .remove
        case .wrongClusterIP:
            guard let host = rule.destination?.range, host.prefixLength == host.family.addressBits else { return nil }
            altered.destination = AddressMatch(host.address.neighbour)
        case .wrongServicePort:
            guard rule.destination != nil, let port = rule.port else { return nil }
            altered.matches[port.place] = .transport(port.transport, destinationPort: port.port ^ 1)
        case .otherTransport:
            guard table == .nat, let port = rule.port, case .jump = rule.target else { return nil }
            let other: TransportProtocol = port.transport == .tcp ? .udp : .tcp
            altered.transport = other
            altered.matches[port.place] = .transport(other, destinationPort: port.port)
        case .partOfTreeLost:
            return purpose == .dispatch && chain.name != "KUBE-SERVICES" && chain.name != "KUBE-CLUSTER-IPS-MASQ"
                ? .remove : nil
        case .rangeTooNarrow:
            guard purpose == .dispatch, let range = rule.destination?.range, range.prefixLength > 0,
                range.prefixLength < range.family.addressBits
            else { return nil }
            altered.destination = AddressMatch(CIDR(host: range.address))
        case .wrongNodePort:
            guard rule.destination == nil, let port = rule.port, case .jump = rule.target else { return nil }
            altered.matches[port.place] = .transport(port.transport, destinationPort: port.port ^ 1)
        case .nodePortsForOthers:
            guard let place = rule.matches.firstIndex(of: .localAddress(.destination)), purpose == .nodePorts else {
                return nil
            }
            altered.matches.remove(at: place)
        case .sourceRangeLost:
            return rule.isSourceRange ? .remove : nil
        case .sourceRangeTooWide:
            guard rule.isSourceRange, let range = rule.source?.range, range.prefixLength > 8 else { return nil }
            altered.source = AddressMatch(CIDR(range.address, prefixLength: range.prefixLength - 8))
        case .refusalLost:
            return rule.target == .rejectPortUnreachable ? .remove : nil
        case .refusalDropped:
            guard rule.target == .rejectPortUnreachable else { return nil }
            altered.target = .drop
        case .dropLost:
            return rule.target == .drop && rule.origin.servicePort != nil ? .remove : nil
        case .otherAffinityList:
            guard let recent = rule.recent else { return nil }
            altered.matches[recent.place] = .recent(RecentMatch(list: "KUBE-SEP-OTHER", action: recent.match.action))
        case .otherAffinityTimeout:
            guard let recent = rule.recent, case .check(let seconds) = recent.match.action else { return nil }
            altered.matches[recent.place] = .recent(
                RecentMatch(list: recent.match.list, action: .check(seconds: seconds + 1)))
        case .notRemembered:
            guard let recent = rule.recent, recent.match.action == .set else { return nil }
            altered.matches.remove(at: recent.place)
        case .healthCheckLost:
            return rule.target == .accept && rule.origin.servicePort != nil ? .remove : nil
        case .localPolicyIgnored:
            guard rule.origin.servicePort != nil, case .jump(let target) = rule.target,
                target.description.hasPrefix("KUBE-SVL-"),
                let cluster = ChainName(validating: target.description.replacing("KUBE-SVL-", with: "KUBE-SVC-"))
            else { return nil }
            altered.target = .jump(cluster)
        case .invalidPacketsPass:
            return purpose == .invalidPackets ? .remove : nil
        case .clientShareOff:
            guard var clients = rule.clients, clients.share.count < 32 else { return nil }
            clients.share.count += 1
            altered.matches[clients.place] = .clients(clients.share)
        case .otherClients:
            // Half of all clients are outside of one of two shares.
            guard var clients = rule.clients, clients.share.count > 2 else { return nil }
            clients.share.isInverted.toggle()
            altered.matches[clients.place] = .clients(clients.share)
        }
        return altered == rule ? nil : .replace(altered)
    }
}

extension Rule {
    fileprivate var draw: (place: Int, probability: Probability)? {
        for (place, match) in matches.enumerated() {
            if case .random(let probability) = match { return (place, probability) }
        }
        return nil
    }

    fileprivate var clients: (place: Int, share: ClientShare)? {
        for (place, match) in matches.enumerated() {
            if case .clients(let share) = match { return (place, share) }
        }
        return nil
    }

    fileprivate var port: (place: Int, transport: TransportProtocol, port: UInt16)? {
        guard origin.servicePort != nil else { return nil }
        for (place, match) in matches.enumerated() {
            if case .transport(let transport, let port?) = match { return (place, transport, port) }
        }
        return nil
    }

    fileprivate var recent: (place: Int, match: RecentMatch)? {
        for (place, match) in matches.enumerated() {
            if case .recent(let recent) = match { return (place, recent) }
        }
        return nil
    }

    /// Whether it lets a range of clients in to a load balancer.
    fileprivate var isSourceRange: Bool {
        guard origin.servicePort != nil, source?.isInverted == false, case .jump(let target) = target else {
            return false
        }
        return target.description.hasPrefix("KUBE-EXT-")
    }
}

extension IPAddress {
    /// The address that differs in the last bit.
    fileprivate var neighbour: IPAddress {
        switch family {
        case .ipv4: IPAddress(ipv4: UInt32(truncatingIfNeeded: low) ^ 1)
        case .ipv6: IPAddress(ipv6High: high, low: low ^ 1)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// Spreads connections over endpoints by one rule for each, which mostly translates at once; many endpoints are divided into
/// groups.
///
/// Which group an endpoint belongs to follows from its address and port alone, so one endpoint more or less changes the
/// probabilities on the way to it, and nothing else. Endpoints that take turns stand in one list, however many they are: turns within
/// groups would be of different lengths.
struct FlatBalancer: EndpointBalancing {
    /// The most endpoints that are chosen from one by one, with kube-proxy's probabilities.
    static let capacity = 16
    private static let bitsAtOnce = 3

    private let transport: TransportProtocol
    private let affinity: ClientAffinity
    private let balance: BalancePolicy
    private let names: ServicePortChains
    private let endpoints: [UsableEndpoints.Item]
    /// The chain of each endpoint, as far as it has one.
    private let chains: [ChainName?]
    private let marksHairpins: Bool

    init(_ compiler: ServicePortCompiler) {
        transport = compiler.servicePort.name.transport
        affinity = compiler.affinity
        balance = compiler.balance
        names = compiler.chains
        let usable = compiler.endpoints
        endpoints = usable.all
        marksHairpins = !compiler.settings.comparesAddresses
        // What two chains choose is translated by one rule all the same, which counts for the endpoint.
        let (servicePort, cluster) = (compiler.servicePort, Set(usable.cluster))
        let isChosenTwice = servicePort.usesClusterEndpoints && servicePort.usesLocalEndpoints
        let shared = isChosenTwice ? Set(usable.local).intersection(cluster) : []
        let hashesMany =
            balance == .sourceHash
            && ClientHash.needsChains(max(usable.cluster.count, usable.local.count), compiler.settings.family)
        let needsChains = marksHairpins || hashesMany || compiler.affinity.mode == .recent
        chains = usable.all.indices.map { place in
            needsChains || shared.contains(place) ? compiler.chains.endpoint(usable.all[place].endpoint).name : nil
        }
    }

    func chains(_ name: ChainName, first: [Rule], over places: [Int], origin: Origin) -> [Chain] {
        var below: [Chain] = []
        let choice = rules(over: places, Group(name: name, depth: 0, path: "\(name)"), origin, &below)
        return [Chain(name: name, rules: first + remembered(places) + choice, origin: origin)] + below
    }

    /// The rules that send a client to the endpoint it had last.
    private func remembered(_ places: [Int]) -> [Rule] {
        guard case .recent(let seconds) = affinity else { return [] }
        return places.compactMap { place in
            chains[place].map { chain in
                let check = RecentMatch(list: chain, action: .check(seconds: seconds))
                return Rule(matches: [.recent(check)], target: .jump(chain), origin: endpoints[place].origin)
            }
        }
    }

    // MARK: Choice

    /// A chain that chooses among some endpoints, and how many times they have been divided.
    private struct Group {
        let name: ChainName
        let depth: Int
        /// The chain at the beginning and the bits of hashes that were used so far.
        let path: String
    }

    private func rules(over places: [Int], _ group: Group, _ origin: Origin, _ below: inout [Chain]) -> [Rule] {
        switch balance {
        case .random: return randomRules(over: places, group, origin, &below)
        case .roundRobin:
            return places.enumerated().map { index, place in
                let remaining = places.count - index
                return rule(to: place, remaining > 1 ? [.everyNth(UInt32(remaining))] : [])
            }
        case .sourceHash:
            let choice = ClientChoice(names, group.name, origin, count: places.count)
            return places.enumerated().map { index, place in
                choice.rule(at: index, for: endpoints[place], rule(to: place), &below)
            }
        }
    }

    private func randomRules(
        over places: [Int], _ group: Group, _ origin: Origin, _ below: inout [Chain]
    ) -> [Rule] {
        let lastDepth = UInt64.bitWidth / Self.bitsAtOnce
        guard places.count > Self.capacity, group.depth < lastDepth else {
            return places.enumerated().map { index, place in
                let remaining = places.count - index
                return rule(to: place, Self.draw(remaining > 1 ? Probability(oneOutOf: remaining) : nil))
            }
        }
        var parts = [[Int]](repeating: [], count: 1 << Self.bitsAtOnce)
        for place in places { parts[part(of: place, group.depth)].append(place) }
        var rules: [Rule] = []
        var remaining = places.count
        for (number, part) in parts.enumerated() where !part.isEmpty {
            let probability = part.count < remaining ? Probability(part.count, outOf: remaining) : nil
            remaining -= part.count
            if part.count == 1 {
                rules.append(rule(to: part[0], Self.draw(probability)))
                continue
            }
            let path = group.path + " \(number)"
            let name = names.name(FlatChains.endpointGroup, group: path)
            let next = Group(name: name, depth: group.depth + 1, path: path)
            let chosen = randomRules(over: part, next, origin, &below)
            below.append(Chain(name: name, rules: chosen, origin: origin))
            rules.append(Rule(matches: Self.draw(probability), target: .jump(name), origin: origin))
        }
        return rules
    }

    private func part(of place: Int, _ depth: Int) -> Int {
        let shift = UInt64.bitWidth - (depth + 1) * Self.bitsAtOnce
        return Int(endpoints[place].endpoint.addressPort.stableHash >> UInt64(shift)) & (1 << Self.bitsAtOnce - 1)
    }

    private static func draw(_ probability: Probability?) -> [Match] { probability.map { [.random($0)] } ?? [] }

    /// The rule that sends connections to an endpoint.
    private func rule(to place: Int, _ matches: [Match] = []) -> Rule {
        let item = endpoints[place]
        if let chain = chains[place] { return Rule(matches: matches, target: .jump(chain), origin: item.origin) }
        return Rule(
            transport: transport, matches: matches,
            target: .destinationNAT(item.endpoint.address, port: item.endpoint.port), origin: item.origin)
    }

    // MARK: Chains of endpoints

    /// With session affinity an endpoint has a chain, so that each list of clients is named in two rules only; and where the
    /// kernel cannot compare addresses, for a rule for connections to itself.
    var endpointChains: [Chain] {
        chains.indices.compactMap { place in
            guard let name = chains[place] else { return nil }
            let item = endpoints[place]
            var rules: [Rule] = []
            if marksHairpins {
                rules.append(
                    Rule(
                        source: AddressMatch(item.endpoint.address), target: .jump(KubeProxyChains.markMasquerade),
                        origin: item.origin))
            }
            let remember: [Match] =
                if case .recent = affinity { [.recent(RecentMatch(list: name, action: .set))] } else { [] }
            rules.append(
                Rule(
                    transport: transport, matches: remember,
                    target: .destinationNAT(item.endpoint.address, port: item.endpoint.port), origin: item.origin))
            return Chain(name: name, rules: rules, origin: item.origin)
        }
    }
}

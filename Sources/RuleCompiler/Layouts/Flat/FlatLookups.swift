// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// A chain of the flat layout in which packets are looked up among many front ends.
struct FlatLookup: Sendable {
    /// How a lookup is found again.
    struct Place: Hashable, Sendable {
        let table: Table
        let chain: ChainName
    }

    let place: Place
    /// The front ends that have an address.
    private(set) var addresses: DispatchTree
    /// The ports at addresses of the node.
    private(set) var ports: DispatchTree

    private init(_ kind: Kind, _ family: IPFamily) {
        place = kind.place
        addresses = DispatchTree(family, prefix: kind.addressPrefix)
        ports = DispatchTree(family, prefix: kind.portPrefix)
    }

    /// The lookups there are, with how the names of chains below them begin.
    private struct Kind {
        let place: Place
        let addressPrefix: StaticString
        let portPrefix: StaticString

        init(_ table: Table, _ chain: ChainName, addresses: StaticString, ports: StaticString) {
            place = Place(table: table, chain: chain)
            addressPrefix = addresses
            portPrefix = ports
        }
    }

    private static let kinds = [
        Kind(.nat, FlatChains.clusterIPs, addresses: "KUBE-IP-", ports: "KUBE-IPP-"),
        Kind(.nat, KubeProxyChains.services, addresses: "KUBE-XIP-", ports: "KUBE-XIPP-"),
        Kind(.nat, KubeProxyChains.nodePorts, addresses: "KUBE-NIP-", ports: "KUBE-NP-"),
        Kind(.filter, KubeProxyChains.services, addresses: "KUBE-IP-", ports: "KUBE-IPP-"),
        Kind(.filter, KubeProxyChains.externalServices, addresses: "KUBE-XIP-", ports: "KUBE-XNP-"),
        Kind(.filter, KubeProxyChains.nodePorts, addresses: "KUBE-NIP-", ports: "KUBE-NP-"),
        Kind(.filter, KubeProxyChains.proxyFirewall, addresses: "KUBE-FIP-", ports: "KUBE-FIPP-"),
    ]

    /// All of them for a family, empty.
    static func all(_ family: IPFamily) -> [FlatLookup] { kinds.map { FlatLookup($0, family) } }

    /// How the names of chains below the lookups of a table begin, each with the chain that they are a part of.
    static func subchains(in table: Table) -> [ChainOwnership.Subchains] {
        kinds.filter { $0.place.table == table }.flatMap { kind in
            [kind.addressPrefix, kind.portPrefix].map {
                ChainOwnership.Subchains(prefix: $0.description, whole: kind.place.chain)
            }
        }
    }

    // MARK: Content

    /// The rules of service ports in the chain itself, and the chains below it.
    var content: (root: [Rule], chains: [Chain]) {
        let (first, second) = (addresses.content, ports.content)
        return (first.root + second.root, first.chains + second.chains)
    }

    /// The rules of service ports in the chain itself.
    var root: [Rule] { addresses.root + ports.root }

    /// The chains below that a change for some front ends can touch, by their names.
    func chains(around keys: FrontEndKeys) -> [ChainName: [Rule]] {
        let chains = keys.addresses.flatMap(addresses.chains(around:)) + keys.ports.flatMap(ports.chains(around:))
        return Dictionary(chains.map { ($0.name, $0.rules) }, uniquingKeysWith: { $1 })
    }

    /// Takes in the rules of all service ports, which come ordered by name.
    mutating func fill(_ servicePorts: [CompiledServicePort]) {
        var (withAddress, withPort): ([Entry], [Entry]) = ([], [])
        for servicePort in servicePorts {
            let rules = servicePort.rules(of: place.chain, in: place.table)
            guard !rules.isEmpty else { continue }
            let keyed = KeyedRules(rules)
            withAddress += keyed.addresses.map { (key: $0.key, servicePort: servicePort.name, rules: $0.rules) }
            withPort += keyed.ports.map { (key: $0.key, servicePort: servicePort.name, rules: $0.rules) }
        }
        addresses.fill(withAddress)
        ports.fill(withPort)
    }

    private typealias Entry = (key: DispatchTree.Key, servicePort: ServicePortName, rules: [Rule])

    /// Puts the rules of a service port in the place of those that it had.
    mutating func replace(_ old: [Rule], by new: [Rule], of servicePort: ServicePortName) {
        let (before, after) = (KeyedRules(old), KeyedRules(new))
        for key in Set(before.addresses.map(\.key)).union(after.addresses.map(\.key)) {
            addresses.replace(key, of: servicePort, by: after.addresses.first { $0.key == key }?.rules ?? [])
        }
        for key in Set(before.ports.map(\.key)).union(after.ports.map(\.key)) {
            ports.replace(key, of: servicePort, by: after.ports.first { $0.key == key }?.rules ?? [])
        }
    }
}

/// The front ends of some rules.
struct FrontEndKeys {
    let addresses: Set<DispatchTree.Key>
    let ports: Set<DispatchTree.Key>

    init(_ rules: [Rule]) {
        let keyed = KeyedRules(rules)
        addresses = Set(keyed.addresses.map(\.key))
        ports = Set(keyed.ports.map(\.key))
    }
}

/// The rules of one service port in one chain, by their front ends, in their order.
private struct KeyedRules {
    typealias Group = (key: DispatchTree.Key, rules: [Rule])

    private(set) var addresses: [Group] = []
    private(set) var ports: [Group] = []

    init(_ rules: [Rule]) {
        for rule in rules {
            // Rules in shared chains all have a front end; without one, a rule would be looked up at port 0.
            let frontEnd = FrontEnd(rule) ?? FrontEnd(nil, 0, rule.transport ?? .tcp)
            let key = DispatchTree.Key(frontEnd)
            if frontEnd.address == nil { Self.add(rule, key, to: &ports) } else { Self.add(rule, key, to: &addresses) }
        }
    }

    private static func add(_ rule: Rule, _ key: DispatchTree.Key, to groups: inout [Group]) {
        if let index = groups.firstIndex(where: { $0.key == key }) {
            groups[index].rules.append(rule)
        } else {
            groups.append((key, [rule]))
        }
    }
}

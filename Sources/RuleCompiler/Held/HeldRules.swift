// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// The rules of Services that a kernel held before this program wrote any: what stays of them while the input cannot be read
/// completely.
///
/// What a readable object defines wins: its Service is compiled anew (``release(_:)``), endpoints that it has named count from
/// then on as it names them (``supplement(_:localNode:)``), and addresses and ports that it claims are its own
/// (``KeptRules``). Only the kernel is asked; nothing is remembered on disk. It is a value.
package struct HeldRules: Sendable {
    /// The family.
    package let family: IPFamily
    /// The rules of Services in chains that many have rules in, in the kernel's order.
    private(set) var shared: [HeldRule] = []
    /// The chains in nat that belong to single service ports.
    private(set) var chains: [ChainName: [Rule]] = [:]
    /// The endpoints of service ports that no readable object has named so far, and whether each is on this node.
    private var endpoints: [ServicePortName: [AddressPort: Bool]] = [:]

    /// - Parameter tables: the tables of a family, read from the kernel; by whatever layout their rules were laid out.
    package init(_ tables: [TableContent], family: IPFamily) {
        self.family = family
        for table in tables {
            for chain in table.chains where !chain.isBuiltIn { read(chain, in: table.table) }
        }
    }

    private mutating func read(_ chain: ChainContent, in table: Table) {
        // A rule that kubetables and kube-proxy cannot have written is nobody's that a Service could miss.
        let rules = chain.rules.compactMap { rule in
            if case .known(let rule) = rule.rule { rule } else { nil }
        }
        if table == .nat, RuleLayoutKind.isServicePortChain(chain.name) {
            chains[chain.name] = rules
            return
        }
        let whole = RuleLayoutKind.ownership.whole(of: chain.name, in: table)
        if RuleLayoutKind.sharedChains(in: table).contains(whole) {
            shared += rules.compactMap { HeldRule($0, in: whole, of: table) }
        }
    }

    /// Whether there is nothing to keep.
    package var isEmpty: Bool { shared.isEmpty }

    /// Takes note that the input names these Services: their rules follow from it from now on.
    ///
    /// - Returns: whether any rule was theirs.
    package mutating func release(_ services: Set<ServiceName>) -> Bool {
        let count = shared.count
        shared.removeAll { rule in rule.servicePort.map { services.contains($0.serviceName) } ?? false }
        return shared.count != count
    }

    /// Forgets the chains that no rule leads to any longer, but for the endpoints of service ports that were asked for.
    package mutating func prune() {
        let needed = Set(HeldChains(chains).reachable(from: shared.compactMap(\.chain)))
        chains = chains.filter { needed.contains($0.key) }
    }

    /// A service port with those endpoints besides that the kernel sends connections to, and that no object has named so far.
    ///
    /// An endpoint that a readable object names, or has named, is what that object makes of it.
    ///
    /// - Parameter localNode: the name of this node.
    package mutating func supplement(_ entry: ServicePortEndpoints, localNode: String) -> ServicePortEndpoints {
        let name = entry.servicePort.name
        var held = endpoints[name] ?? heldEndpoints(of: name)
        for endpoint in entry.endpoints { held[endpoint.addressPort] = nil }
        endpoints[name] = held
        guard !held.isEmpty else { return entry }
        let added = held.map { place, isLocal in
            Endpoint(address: place.address, port: place.port, nodeName: isLocal ? localNode : nil)
        }
        let all = (entry.endpoints + added).map { endpoint in (text: Array(endpoint.description.utf8), endpoint) }
        return ServicePortEndpoints(
            servicePort: entry.servicePort,
            endpoints: all.sorted { $0.text.lexicographicallyPrecedes($1.text) }.map(\.1))
    }

    /// How many endpoints of service ports only the kernel knows.
    package var endpointCount: Int { endpoints.values.reduce(0) { $0 + $1.count } }

    /// The Services that have such endpoints.
    package var servicesWithEndpoints: Set<ServiceName> {
        Set(endpoints.filter { !$0.value.isEmpty }.map(\.key.serviceName))
    }

    private func heldEndpoints(of name: ServicePortName) -> [AddressPort: Bool] {
        let balancing = ServicePortChains(name)
        let reachable = HeldChains(chains)
        var found: [AddressPort: Bool] = [:]
        for (start, isLocal) in [(balancing.cluster, false), (balancing.local, true)] {
            for chain in reachable.reachable(from: [start]) {
                for case .destinationNAT(let address, let port)? in (chains[chain] ?? []).map(\.target) {
                    found[AddressPort(address, port)] = isLocal
                }
            }
        }
        return found
    }
}

/// The chains of single service ports and the jumps between them.
struct HeldChains {
    private let chains: [ChainName: [Rule]]

    init(_ chains: [ChainName: [Rule]]) { self.chains = chains }

    /// The chains themselves and all that they lead to, each once, as far as the kernel has them.
    func reachable(from start: [ChainName]) -> [ChainName] {
        var found: [ChainName] = []
        var known: Set<ChainName> = []
        var pending = start
        while let chain = pending.popLast() {
            guard let rules = chains[chain], known.insert(chain).inserted else { continue }
            found.append(chain)
            for case .jump(let target)? in rules.map(\.target) { pending.append(target) }
        }
        return found
    }
}

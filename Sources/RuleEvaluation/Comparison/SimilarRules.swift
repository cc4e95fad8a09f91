// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// Finds destinations whose packets meet rules of the same form, in both rulesets, so that one of them stands for all.
///
/// Thousands of Services have few forms: so many endpoints, a node port or not, affinity or not. If packets to two
/// addresses meet the same rules apart from values that stand for themselves alone (the addresses of endpoints, ports, names
/// of chains and lists), then each packet to the one has a counterpart to the other, with which both rulesets do the
/// same. Of each form only the lowest destination is tried, so it is never one that is left out for another's sake.
final class SimilarRules {
    private let left: RuleEvaluator
    private let right: RuleEvaluator
    private let network: NodeNetwork
    private let equalRules: EqualRules
    private let literals = FormLiterals()
    private lazy var represented = represented(
        left.indexedAddresses.union(right.indexedAddresses).filter { !equalRules.areSame(to: $0) }
    ) { .to($0) }
    /// By the indexes that have no address of the packets.
    private var representedPorts: [Set<ObjectIdentifier>: Set<UInt16>] = [:]

    init(_ left: RuleEvaluator, _ right: RuleEvaluator, _ network: NodeNetwork, _ equalRules: EqualRules) {
        self.left = left
        self.right = right
        self.network = network
        self.equalRules = equalRules
    }

    /// Whether packets to an address need not be tried: both rulesets have the same rules for them, or packets to a lower
    /// address stand for them.
    func isRepresented(_ address: IPAddress) -> Bool {
        equalRules.areSame(to: address) || represented.contains(address)
    }

    /// The ports to which packets need not be tried, in the same way.
    ///
    /// - Parameter passed: indexes that have no address of the packets.
    func representedPorts(outside passed: [DispatchIndex]) -> Set<UInt16> {
        let key = Set(passed.map(ObjectIdentifier.init))
        if let known = representedPorts[key] { return known }
        let outside = DestinationsOutside(passed.reduce(into: []) { $0.formUnion($1.addresses) })
        let ports = left.indexedPorts.union(right.indexedPorts)
        let same = ports.filter(equalRules.areSame(toPort:))
        let found = same.union(represented(ports.subtracting(same)) { .toPort($0, outside) })
        representedPorts[key] = found
        return found
    }

    /// Those that have the same form as a lower one.
    private func represented<Value: Comparable & Hashable>(
        _ values: Set<Value>, _ packets: (Value) -> FormedPackets
    ) -> Set<Value> {
        var forms: Set<[Int]> = []
        return values.sorted().reduce(into: []) { represented, value in
            var writer = RuleFormWriter(left, right, network, literals)
            guard let form = writer.form(of: packets(value)) else { return }
            if !forms.insert(form).inserted { represented.insert(value) }
        }
    }
}

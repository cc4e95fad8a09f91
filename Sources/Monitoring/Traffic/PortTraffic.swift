// SPDX-License-Identifier: Apache-2.0

import KernelTables
import NetworkTypes
import RuleCompiler
import XTables

/// The traffic of one service port: over all its endpoints, removed ones included, and what was refused.
struct PortTraffic: Sendable {
    /// Connections, counted as packets, and the bytes of their first packets.
    private(set) var total = RuleCounters.zero
    /// Packets rejected or dropped, by reason; a reason without refusals so far may be missing.
    private(set) var refused: [RefusalReason: RuleSum] = [:]
    /// The endpoints that have had connections, ordered by address and port.
    private(set) var endpoints: [EndpointTraffic] = []

    /// Adds what the rules have counted since the last reading.
    ///
    /// - Parameters:
    ///   - doubting: skips a rule whose counters are lower than before.
    ///   - retirements: counts the endpoints that these rules do not lead to.
    /// - Returns: the number of rules whose counters are lower than before.
    mutating func absorb(
        _ reading: TrafficReading, _ rules: TrafficRules, doubting: Bool, _ retirements: inout Retirements
    ) -> Int {
        var doubtful = 0
        var knownCount = 0
        for rule in rules.endpoints {
            let counters = reading.nat[rule] ?? .zero
            guard let index = index(of: rule, orAdd: counters != .zero) else { continue }
            knownCount += 1
            if endpoints[index].rule.isAbove(counters) {
                doubtful += 1
                if doubting { continue }
            }
            add(endpoints[index].rule.advance(to: counters), toEndpoint: index)
        }
        if knownCount < endpoints.count || endpoints.contains(where: { $0.retirement != nil }) {
            setRetired(allBut: rules.endpoints, &retirements)
        }
        for reason in RefusalReason.allCases {
            let refusals = rules.refusals(for: reason)
            guard refused[reason] != nil || !refusals.isEmpty else { continue }
            doubtful += refused[reason, default: RuleSum()].absorb(reading.filter, of: refusals, doubting: doubting)
        }
        return doubtful
    }

    /// Adds what removed rules of one table have counted since the last reading.
    mutating func absorbRemoved(
        _ removed: [CounterKey: RuleCounters], _ rules: TrafficRules, _ retirements: inout Retirements
    ) {
        for rule in rules.endpoints {
            guard let last = removed[rule], let index = index(of: rule, orAdd: true) else { continue }
            add(endpoints[index].rule.end(at: last), toEndpoint: index)
            // If rules lead to it again, the next reading takes it back.
            if endpoints[index].retirement == nil { endpoints[index].retirement = retirements.add() }
        }
        for reason in RefusalReason.allCases {
            let refusals = rules.refusals(for: reason)
            guard !refusals.isEmpty else { continue }
            refused[reason, default: RuleSum()].absorbRemoved(removed, of: refusals)
        }
    }

    /// Forgets endpoints that were retired up to a point; their traffic stays in the total.
    ///
    /// - Returns: the number of endpoints forgotten.
    mutating func forgetRetired(upTo retirement: UInt64) -> Int {
        let before = endpoints.count
        endpoints.removeAll { $0.retirement.map { $0 <= retirement } ?? false }
        return before - endpoints.count
    }

    /// The connections that an endpoint has got.
    func connections(to endpoint: AddressPort) -> UInt64? {
        let place = place(of: endpoint.address, endpoint.port)
        guard place.isFound else { return nil }
        return endpoints[place.index].total.packets
    }

    private mutating func add(_ gain: RuleCounters, toEndpoint index: Int) {
        endpoints[index].total += gain
        total += gain
    }

    /// The place of a rule's endpoint in the list; adds the endpoint if `mayAdd`.
    private mutating func index(of rule: CounterKey, orAdd mayAdd: Bool) -> Int? {
        guard let address = rule.address, mayAdd || !endpoints.isEmpty else { return nil }
        let place = place(of: address, rule.port)
        if place.isFound { return place.index }
        guard mayAdd else { return nil }
        endpoints.insert(EndpointTraffic(address: address, port: rule.port), at: place.index)
        return place.index
    }

    /// Where an endpoint is in the list, or would be.
    private func place(of address: IPAddress, _ port: UInt16) -> (index: Int, isFound: Bool) {
        var low = 0
        var high = endpoints.count
        while low < high {
            let middle = (low + high) / 2
            if endpoints[middle].isBefore(address, port) { low = middle + 1 } else { high = middle }
        }
        let isFound = low < endpoints.count && endpoints[low].address == address && endpoints[low].port == port
        return (low, isFound)
    }

    /// Retires the endpoints that no rule leads to, and takes back the others.
    private mutating func setRetired(allBut rules: [CounterKey], _ retirements: inout Retirements) {
        var present = Set<Int>()
        for rule in rules { if let index = index(of: rule, orAdd: false) { present.insert(index) } }
        for index in endpoints.indices {
            if present.contains(index) {
                if endpoints[index].retirement.take() != nil { retirements.remove() }
            } else if endpoints[index].retirement == nil {
                endpoints[index].retirement = retirements.add()
                endpoints[index].rule = RunningCount()
            }
        }
    }
}

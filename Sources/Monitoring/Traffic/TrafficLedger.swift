// SPDX-License-Identifier: Apache-2.0

import KernelTables
import RuleCompiler
import ServiceModel
import XTables

/// Adds up the traffic of the service ports of one family, over all changes of their rules.
///
/// Invariants:
/// - No sum ever goes down as long as its service port exists, and nothing is counted twice.
/// - What is remembered is bounded: the service ports and endpoints that exist, and ``retiredLimit`` more endpoints.
///
/// Each call asks the compilation in force which rule counts for which service port, so that no copy of that can be out of
/// sync.
struct TrafficLedger: Sendable {
    /// The number of endpoints remembered that no rule leads to any longer.
    let retiredLimit: Int
    private(set) var ports: [ServicePortName: PortTraffic] = [:]
    /// Packets dropped because connection tracking considers them invalid.
    private(set) var invalidPackets = RuleSum()
    /// Connections to node ports on the node's loopback addresses, if rules of their own count them.
    private(set) var localhostNodePorts = RuleSum()
    private var retirements = Retirements()

    init(retiredLimit: Int) { self.retiredLimit = retiredLimit }

    /// Adds what the rules in force have counted since the last reading.
    ///
    /// - Parameter doubting: skips a rule whose counters are lower than before: they may have been read while another process
    ///   replaced the table.
    /// - Returns: the number of rules whose counters are lower than before.
    mutating func absorb(_ reading: TrafficReading, of compilation: Compilation, doubting: Bool) -> Int {
        var doubtful = 0
        var known = 0
        for servicePort in compilation.servicePorts {
            let rules = TrafficRules(servicePort)
            let isKnown = ports[servicePort.name] != nil
            guard isKnown || rules.haveCounted(in: reading) else { continue }
            known += 1
            doubtful += ports[servicePort.name, default: PortTraffic()].absorb(
                reading, rules, doubting: doubting, &retirements)
        }
        if ports.count > known { forgetAll(but: compilation) }
        forgetOldest()
        doubtful += invalidPackets.absorb(reading.filter, of: compilation.invalidPacketRules, doubting: doubting)
        doubtful += localhostNodePorts.absorb(
            reading.nat, of: compilation.localhostNodePortRules, doubting: doubting)
        return doubtful
    }

    /// Adds what removed rules have counted since the last reading.
    ///
    /// - Parameters:
    ///   - removed: the rules that were removed from one table.
    ///   - compilation: what was in force before they were removed.
    mutating func absorbRemoved(
        _ removed: [CounterKey: RuleCounters], from table: Table, of compilation: Compilation
    ) {
        guard !removed.isEmpty else { return }
        for servicePort in compilation.servicePorts {
            let rules = TrafficRules(servicePort, in: table)
            guard rules.areAmong(removed) else { continue }
            ports[servicePort.name, default: PortTraffic()].absorbRemoved(removed, rules, &retirements)
        }
        forgetOldest()
        switch table {
        case .nat: localhostNodePorts.absorbRemoved(removed, of: compilation.localhostNodePortRules)
        case .filter: invalidPackets.absorbRemoved(removed, of: compilation.invalidPacketRules)
        case .mangle, .raw, .security: break
        }
    }

    /// Forgets service ports that were removed.
    mutating func forgetSurplus(of compilation: Compilation) {
        if ports.count > compilation.servicePorts.count { forgetAll(but: compilation) }
    }

    private mutating func forgetAll(but compilation: Compilation) {
        let names = Set(compilation.servicePorts.lazy.map(\.name))
        for (name, port) in ports where !names.contains(name) {
            retirements.remove(port.endpoints.count { $0.retirement != nil })
            ports[name] = nil
        }
    }

    /// Forgets the endpoints that were retired first; a tenth more than necessary, so as not to search all of them each time.
    private mutating func forgetOldest() {
        guard retirements.count > retiredLimit else { return }
        let surplus = retirements.count - retiredLimit + retiredLimit / 10
        let times = ports.values.flatMap { $0.endpoints.compactMap(\.retirement) }.sorted()
        guard let last = times.prefix(surplus).last else { return }
        for name in ports.keys {
            if let forgotten = ports[name]?.forgetRetired(upTo: last), forgotten > 0 { retirements.remove(forgotten) }
        }
    }
}

import KernelTables
import RuleCompiler
import ServiceModel
import XTables

/// Adds up what the service ports of one family have got, over all changes of their rules.
///
/// Invariants:
/// - No sum ever goes down as long as its service port is there, and nothing is counted twice.
/// - What is remembered is bounded: service ports that are there, endpoints that are there, and ``retiredLimit`` more.
///
/// Which rule counts for whom is asked of the compilation in force each time, so that nothing has to be kept in step.
struct TrafficLedger: Sendable {
    /// How many endpoints are remembered that no rule leads to any longer.
    let retiredLimit: Int
    private(set) var ports: [ServicePortName: PortTraffic] = [:]
    /// Packets dropped that connection tracking cannot place.
    private(set) var invalidPackets = RuleSum()
    /// Connections to node ports on the node's loopback addresses, as far as rules of their own count them.
    private(set) var localhostNodePorts = RuleSum()
    private var retirements = Retirements()

    init(retiredLimit: Int) { self.retiredLimit = retiredLimit }

    /// Takes over what the rules in force show.
    ///
    /// - Parameter doubting: leaves alone what a rule shows that is less than before: it may have been read while somebody
    ///   replaced the table.
    /// - Returns: how many rules show less than before.
    mutating func absorb(_ reading: TrafficReading, of compilation: Compilation, doubting: Bool) -> Int {
        var doubtful = 0
        var known = 0
        for servicePort in compilation.servicePorts {
            let rules = TrafficRules(servicePort)
            let isKnown = ports[servicePort.name] != nil
            guard isKnown || rules.showsAnything(in: reading) else { continue }
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

    /// Takes over what rules have counted that are gone.
    ///
    /// - Parameters:
    ///   - removed: those rules, of one table.
    ///   - compilation: what was in force before they went.
    mutating func absorbRemoved(
        _ removed: [RuleIdentity: RuleCounters], from table: Table, of compilation: Compilation
    ) {
        guard !removed.isEmpty else { return }
        for servicePort in compilation.servicePorts {
            let rules: TrafficRules
            switch table {
            case .nat: rules = TrafficRules(endpoints: servicePort.endpointRules)
            case .filter: rules = TrafficRules(refusals: servicePort.refusingRules)
            }
            guard rules.isAny(of: removed) else { continue }
            ports[servicePort.name, default: PortTraffic()].absorbRemoved(removed, rules, &retirements)
        }
        forgetOldest()
        switch table {
        case .nat: localhostNodePorts.absorbRemoved(removed, of: compilation.localhostNodePortRules)
        case .filter: invalidPackets.absorbRemoved(removed, of: compilation.invalidPacketRules)
        }
    }

    /// Forgets service ports that are gone, if there are more than can be.
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

    /// Forgets the endpoints that were retired first; a tenth more than must be, so as not to look through all each time.
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

extension TrafficRules {
    fileprivate func isAny(of removed: [RuleIdentity: RuleCounters]) -> Bool {
        endpoints.contains { removed[$0] != nil } || refusals.contains { removed[$0.identity] != nil }
    }
}

// SPDX-License-Identifier: Apache-2.0

import KernelTables
import RuleCompiler
import XTables

/// The rules that count for one service port.
struct TrafficRules: Sendable {
    let endpoints: [CounterKey]
    let refusals: [RefusingRule]

    init(endpoints: [CounterKey] = [], refusals: [RefusingRule] = []) {
        self.endpoints = endpoints
        self.refusals = refusals
    }

    init(_ servicePort: CompiledServicePort) {
        self.init(endpoints: servicePort.endpointRules, refusals: servicePort.refusingRules)
    }

    /// The rules of one table.
    init(_ servicePort: CompiledServicePort, in table: Table) {
        switch table {
        case .nat: self.init(endpoints: servicePort.endpointRules)
        case .filter: self.init(refusals: servicePort.refusingRules)
        case .mangle, .raw, .security: self.init()
        }
    }

    func refusals(for reason: RefusalReason) -> [CounterKey] {
        refusals.isEmpty ? [] : refusals.filter { $0.reason == reason }.map(\.key)
    }

    /// Whether any of the rules has counted something.
    func haveCounted(in reading: TrafficReading) -> Bool {
        endpoints.contains { reading.nat[$0] != nil } || refusals.contains { reading.filter[$0.key] != nil }
    }

    /// Whether any of the rules is among those that were removed.
    func areAmong(_ removed: [CounterKey: RuleCounters]) -> Bool {
        endpoints.contains { removed[$0] != nil } || refusals.contains { removed[$0.key] != nil }
    }
}

// SPDX-License-Identifier: Apache-2.0

import KernelTables
import NetworkTypes
import XTables

/// The counters of a family's rules at one time; rules that are not in it have counted nothing.
package struct TrafficReading: Sendable {
    /// The rules of table nat, which count connections.
    package var nat: [CounterKey: RuleCounters]
    /// The rules of table filter, which count packets.
    package var filter: [CounterKey: RuleCounters]

    package init(nat: [CounterKey: RuleCounters] = [:], filter: [CounterKey: RuleCounters] = [:]) {
        self.nat = nat
        self.filter = filter
    }

    /// Reads what the rules of a family have counted.
    ///
    /// - Throws: `KernelFailure`.
    package init(_ backend: any RuleBackend, _ family: IPFamily) throws(KernelFailure) {
        nat = try backend.counters(of: .nat, family: family)
        filter = try backend.counters(of: .filter, family: family)
    }
}

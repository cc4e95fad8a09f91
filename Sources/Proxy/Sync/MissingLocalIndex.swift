// SPDX-License-Identifier: Apache-2.0

import RuleCompiler
import ServiceModel

/// Counts the service ports that miss endpoints on this node, so that a change of one Service costs what that one costs.
struct MissingLocalIndex {
    /// The counts of all Services.
    private(set) var total = MissingLocalEndpoints()
    private var counts: [ServiceName: MissingLocalEndpoints] = [:]

    /// Takes over what is in force now.
    ///
    /// - Parameters:
    ///   - compilation: what the rules in force were made of.
    ///   - changed: the Services that may differ from the last time; `nil` for all.
    mutating func update(_ compilation: Compilation, changed: Set<ServiceName>?) {
        guard let changed else { return countAll(compilation) }
        for service in changed {
            var count = MissingLocalEndpoints()
            for servicePort in compilation.servicePorts(of: service) {
                count.count(servicePort.servicePort, servicePort.selection)
            }
            replace(service, with: count)
        }
    }

    private mutating func countAll(_ compilation: Compilation) {
        total = MissingLocalEndpoints()
        counts = [:]
        for servicePort in compilation.servicePorts where servicePort.servicePort.usesLocalEndpoints {
            let name = servicePort.name.serviceName
            var count = counts[name] ?? MissingLocalEndpoints()
            count.count(servicePort.servicePort, servicePort.selection)
            replace(name, with: count)
        }
    }

    private mutating func replace(_ service: ServiceName, with count: MissingLocalEndpoints) {
        let none = MissingLocalEndpoints()
        total = total - (counts[service] ?? none) + count
        counts[service] = count == none ? nil : count
    }
}

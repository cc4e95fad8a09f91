// SPDX-License-Identifier: Apache-2.0

import RuleCompiler
import ServiceModel

/// How many service ports and endpoints of a node are in each state.
package struct StateCounts: Sendable, Hashable {
    /// A condition of endpoints, and whether the node uses those that are in it.
    package struct EndpointKind: Sendable, Hashable {
        package let condition: EndpointCondition
        /// Whether the node sends connections there, under any traffic policy.
        package let isUsed: Bool

        package init(condition: EndpointCondition, isUsed: Bool) {
            self.condition = condition
            self.isUsed = isUsed
        }
    }

    /// Service ports by the state that needs attention first: as many as `get services` has lines.
    package var servicePorts: [ServiceState: Int] = [:]
    /// Endpoints of service ports: as many as `get endpoints` has lines.
    package var endpoints: [EndpointKind: Int] = [:]

    package init() {}
}

/// The condition of an endpoint that decides: one that is terminating may serve until it has ended.
package enum EndpointCondition: String, Sendable, Hashable, CaseIterable {
    case ready
    case notReady = "not-ready"
    case terminating

    init(isTerminating: Bool, isReady: Bool) {
        self = isTerminating ? .terminating : isReady ? .ready : .notReady
    }
}

extension InspectedState {
    /// How many service ports and endpoints are in each state; without making the items of the lists.
    package var stateCounts: StateCounts {
        var counts = StateCounts()
        counts.servicePorts = serviceCounts.states
        for compilation in compilations {
            for compiled in compilation.servicePorts { counts.add(compiled.selection) }
        }
        return counts
    }
}

extension StateCounts {
    fileprivate mutating func add(_ selection: EndpointSelection) {
        for index in selection.endpoints.indices {
            let isUsed = selection.clusterVerdicts[index].isUsed || selection.localVerdicts[index].isUsed
            let conditions = selection.endpoints[index].conditions
            let condition = EndpointCondition(
                isTerminating: conditions.contains(.terminating), isReady: conditions.contains(.ready))
            endpoints[EndpointKind(condition: condition, isUsed: isUsed), default: 0] += 1
        }
    }
}

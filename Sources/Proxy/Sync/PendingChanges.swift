// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import RuleCompiler
import ServiceModel
import XTables

/// What has changed since the last synchronization.
struct PendingChanges {
    /// The chains whose rules changed; `nil` if any may have.
    private(set) var chains: TouchedChains? = [:]
    /// The changed Services; `nil` for all.
    private(set) var services: Set<ServiceName>? = []
    /// Flows that may lead to endpoints that are gone.
    private(set) var flows = FlowDebt()
    /// The changed Services as they were when the last run began.
    private(set) var former: [ServiceName: [ServicePortEndpoints]] = [:]
    /// What is reported when they are in force.
    private(set) var record = ChangeRecord()

    static let none = PendingChanges()

    /// Everything may have changed.
    ///
    /// - Parameter former: the service ports as they were.
    static func everything(former: [ServicePort]) -> PendingChanges {
        PendingChanges(chains: nil, services: nil, flows: FlowDebt(isDue: true, afterGap: true, former: former))
    }

    /// Adds the changes of one Service.
    ///
    /// - Parameter former: the Service as it was.
    mutating func add(
        _ touched: TouchedChains, of service: ServiceName, former: [ServicePortEndpoints], flows: FlowDebt
    ) {
        chains?.merge(touched) { $0.union($1) }
        services?.insert(service)
        if self.former[service] == nil { self.former[service] = former }
        self.flows.formUnion(flows)
    }

    mutating func add(_ record: ChangeRecord) { self.record.formUnion(record) }

    /// Adds other changes, such as those that were taken out to be served, and were not: they come before these.
    mutating func formUnion(_ other: PendingChanges) {
        if let others = other.chains { chains?.merge(others) { $0.union($1) } } else { chains = nil }
        if let others = other.services { services?.formUnion(others) } else { services = nil }
        former.merge(other.former) { _, earlier in earlier }
        flows.formUnion(other.flows)
        record.formUnion(other.record)
    }
}

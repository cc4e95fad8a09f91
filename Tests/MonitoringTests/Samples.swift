// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import KubernetesObjects
import Logging
import NetworkTypes
import ServiceModel
import XTables

@testable import KernelTables
@testable import Proxy

extension Synchronization {
    /// A run that took 64 ms and committed one of two tables.
    static func sample(
        family: IPFamily = .ipv4, reason: Reason = .start, changedServices: Int? = nil, drift chainCount: Int = 0,
        hasLostCounters: Bool = false, changes: [ServiceChange] = [], triggerTimes: [Timestamp] = [],
        missing: MissingLocalEndpoints = MissingLocalEndpoints()
    ) -> Synchronization {
        var report = SyncReport()
        report.phases = SyncPhases(
            encode: .milliseconds(1), lockWait: .milliseconds(2), read: .milliseconds(4), difference: .milliseconds(8),
            edit: .milliseconds(16), commit: .milliseconds(32))
        report.tables = [
            .sample(.filter, before: 20, after: 25, added: 5, isCommitted: false),
            .sample(.nat, before: 50, after: 56, added: 5, removed: 1, moved: 2, isCommitted: true),
        ]
        report.tables[1].hasLostCounters = hasLostCounters
        if chainCount > 0 {
            report.drift = [
                TableDrift(table: .nat, chainCount: chainCount, ruleCount: chainCount, emptyChainCount: 0, chains: [])
            ]
        }
        return Synchronization(
            family: family, reason: reason, changedServices: changedServices, serviceChanges: changes,
            compileTime: .milliseconds(1),
            report: report, triggerTimes: triggerTimes, missingLocalEndpoints: missing)
    }
}

extension FailedSynchronization {
    /// A sync of IPv6 that waited in vain for the lock.
    static func sample(_ family: IPFamily = .ipv6, changedServices: Int? = nil) -> FailedSynchronization {
        FailedSynchronization(
            family: family, reason: .change, changedServices: changedServices,
            error: .lock(.busy(path: "/run/xtables.lock", waited: .seconds(5), holder: nil)), retryAfter: .zero)
    }
}

extension TableChange {
    fileprivate static func sample(
        _ table: Table, before: Int, after: Int, added: Int, removed: Int = 0, moved: Int = 0, isCommitted: Bool
    ) -> TableChange {
        TableChange(
            table: table, entriesBefore: before, entriesAfter: after, ruleCount: after - 8, chainsCreated: 0,
            chainsDeleted: 0,
            rulesAdded: added, rulesRemoved: removed, rulesMoved: moved, keptChains: [], isCommitted: isCommitted,
            isEmpty: false)
    }
}

extension ServicePort {
    static func sample(_ service: String, port: String = "", healthCheckNodePort: UInt16? = nil) -> ServicePort {
        ServicePort(
            name: ServicePortName(namespace: "default", service: service, port: port, transport: .tcp),
            clusterIP: IPAddress(ipv4: 0x0a60_0001), port: 80, externalTrafficPolicy: .cluster,
            healthCheckNodePort: healthCheckNodePort)
    }
}

extension Endpoint {
    static func sample(
        _ number: UInt32, node: String?, _ conditions: EndpointConditions = [.ready, .serving], port: UInt16 = 8080
    ) -> Endpoint {
        Endpoint(
            address: IPAddress(ipv4: 0x0a00_0000 + number), port: port, conditions: conditions, nodeName: node)
    }
}

extension ListenAddress {
    /// The loopback address, with a port that the kernel chooses.
    static let anyLocal = ListenAddress(.loopback(.ipv4), 0)
}

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

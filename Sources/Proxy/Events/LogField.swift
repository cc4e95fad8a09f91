// SPDX-License-Identifier: Apache-2.0

import Documents
import KernelTables
import Logging
import NetworkTypes
import ServiceModel
import XTables

/// A value in the log that the message says in words already: a JSON log has it under a key of its own, for programs; lines
/// for people leave it out.
struct LogField: Sendable, CustomStringConvertible {
    let value: DocumentValue

    var description: String { value.json }

    /// Fields as an entry of a log takes them.
    static func metadata(_ fields: [String: DocumentValue]) -> Logger.Metadata {
        fields.mapValues { .stringConvertible(LogField(value: $0)) }
    }
}

/// The fields of a synchronization's line.
struct SyncLogFields {
    private let synchronization: Synchronization

    init(_ synchronization: Synchronization) { self.synchronization = synchronization }

    var metadata: Logger.Metadata {
        let report = synchronization.report
        let tables = report.tables.filter(\.isCommitted)
        func sum(_ count: (TableChange) -> Int) -> DocumentValue {
            .integer(Int64(tables.reduce(0) { $0 + count($1) }))
        }
        var fields: [String: DocumentValue] = [
            "family": .string(report.family.kubernetesName),
            "reason": .string(synchronization.reason.rawValue),
            "tables": .array(tables.map { .string($0.table.rawValue) }),
            "chains_created": sum(\.chainsCreated), "chains_deleted": sum(\.chainsDeleted),
            "rules_added": sum(\.rulesAdded), "rules_removed": sum(\.rulesRemoved), "rules_moved": sum(\.rulesMoved),
            "phases_ms": .object(phases),
        ]
        if let count = synchronization.changedServices { fields["services_changed"] = .integer(Int64(count)) }
        let changes = synchronization.serviceChanges
        if !changes.isEmpty {
            fields["services"] = .array(changes.prefix(Self.serviceLimit).map { .object(Self.object($0)) })
        }
        return LogField.metadata(fields)
    }

    /// How many changed Services a line names at most; `services_changed` is the number of all.
    private static let serviceLimit = 100

    private var phases: DocumentObject {
        let phases = synchronization.report.phases.named(compile: synchronization.compileTime)
        return DocumentObject(
            phases.map { name, duration in
                let tenths = (duration / .microseconds(100)).rounded()
                return .init(key: name.replacing(" ", with: "_"), value: .double(tenths / 10))
            })
    }

    private static func object(_ change: ServiceChange) -> DocumentObject {
        DocumentObject([
            .init(key: "namespace", value: .string(change.service.namespace)),
            .init(key: "name", value: .string(change.service.name)),
            .init(key: "change", value: .string(change.kind.rawValue)),
            .init(key: "endpoints_added", value: .integer(Int64(change.added.count))),
            .init(key: "endpoints_removed", value: .integer(Int64(change.removed.count))),
            .init(key: "endpoints_ready", value: .integer(Int64(change.ready))),
            .init(key: "endpoints", value: .integer(Int64(change.known))),
        ])
    }
}

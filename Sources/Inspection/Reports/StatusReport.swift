// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

/// `status`: how a node does, in twenty lines.
package struct StatusInquiry: Inquiry {
    package static let path = "/v1/status"
    package static let parameterNames: [String] = []
    package static let needs: InquiryNeeds = []

    package init() {}

    package init(_ parameters: InquiryParameters) {}

    package var parameters: InquiryParameters { InquiryParameters() }

    package func report(on state: InspectedState) -> any Report { state.status }
}

/// How a node does.
package struct StatusReport: Report, Hashable {
    /// One family's rules in the kernel.
    package struct Family: Sendable, Hashable, Codable {
        package var ipFamily: String
        /// Whether the kernel has the desired rules, as far as the last sync shows; `nil` if no loop runs.
        package var isInSync: Bool?
        /// Since when it is in sync, or out of sync, as RFC 3339 has it.
        package var since: String?
        /// Why it is out of sync.
        package var reason: String?
        package var lastSync: LastSync?
        /// Service ports.
        package var servicePorts: Int
        /// Endpoints of all service ports.
        package var endpoints: Int
    }

    /// The last sync that has succeeded.
    package struct LastSync: Sendable, Hashable, Codable {
        package struct Table: Sendable, Hashable, Codable {
            package var name: String
            /// Rules, and two for each chain.
            package var entries: Int
        }

        package struct Phase: Sendable, Hashable, Codable {
            package var name: String
            package var milliseconds: Double
        }

        package var time: String
        /// Why the tables were read: `start`, `change`, `check`, `retry`.
        package var trigger: String
        package var tables: [Table]
        package var phases: [Phase]
    }

    /// How many service ports are in a state.
    package struct StateCount: Sendable, Hashable, Codable {
        package var state: ServiceState
        package var servicePorts: Int
    }

    package var apiVersion = ReportVersion.current
    package var kind = "Status"
    package var version: String
    package var node: String
    package var zone: String?
    package var source: String
    /// When the program was started, as RFC 3339 has it; `nil` if no loop runs.
    package var startTime: String?
    package var families: [Family]
    /// The number of Services, those without rules included.
    package var services: Int
    /// The states of service ports, what needs attention first; none that no service port is in.
    package var states: [StateCount]
    /// What needs attention, one line each.
    package var warnings: [String]
}

extension StatusReport {
    /// The most lines of text.
    package static let lineLimit = 20
    private static let labelWidth = 11

    package func writeText(_ style: ReportStyle, _ line: (String) -> Void) {
        var lines = [
            field("version", version), field("node", node + (zone.map { ", zone \($0)" } ?? "")),
            field("source", style.isWide ? source : source.cut(to: ReportStyle.width - Self.labelWidth)),
        ]
        if let startTime { lines.append(field("started", startTime)) }
        for family in families { lines += family.lines(style).map { field($0.label, $0.text) } }
        let counts = states.map { $0.state.style.apply(to: "\($0.servicePorts) \($0.state.rawValue)", style) }
        lines.append(field("Services", "\(services)"))
        lines.append(field("ports", counts.isEmpty ? "none" : counts.joined(separator: ", ")))
        lines.append(field("warnings", warnings.isEmpty ? "none" : "\(warnings.count)"))
        let room = style.isWide ? warnings.count : Self.lineLimit - lines.count
        let shown = warnings.count <= room ? warnings.count : room - 1
        for warning in warnings.prefix(shown) {
            let text = style.text("  \(warning)", width: ReportStyle.width)
            lines.append(TextStyle.warning.apply(to: text, style))
        }
        if shown < warnings.count { lines.append("  … and \(warnings.count - shown) more (-o wide shows all)") }
        for text in lines { line(text) }
    }

    private func field(_ label: String, _ text: String) -> String {
        label + String(repeating: " ", count: max(1, Self.labelWidth - label.count)) + text
    }
}

extension StatusReport.Family {
    /// What is left of a line after label and time.
    private static let reasonWidth = 45

    fileprivate func lines(_ style: ReportStyle) -> [(label: String, text: String)] {
        var state = "no loop runs: rules were compiled, no kernel was read"
        if let isInSync {
            let since = since.map { " since \($0)" } ?? ""
            let reason = reason.map { ": \(style.text($0, width: Self.reasonWidth))" } ?? ""
            state =
                isInSync
                ? TextStyle.good.apply(to: "in sync", style) + since
                : TextStyle.bad.apply(to: "out of sync", style) + since + reason
        }
        var lines = [(ipFamily, state)]
        guard let lastSync else { return lines }
        let tables = lastSync.tables.map { "\($0.name) \($0.entries) entries" }.joined(separator: ", ")
        lines.append(("", "\(tables); \(servicePorts) service ports, \(endpoints) endpoints"))
        lines.append(("", "last sync \(lastSync.time) (\(lastSync.trigger))"))
        lines.append(("", lastSync.phases.map { "\($0.name) \($0.milliseconds)" }.joined(separator: ", ") + " ms"))
        return lines
    }
}

extension InspectedState {
    var status: StatusReport {
        let (services, counts) = serviceCounts
        return StatusReport(
            version: version, node: node.name, zone: node.zone, source: source,
            startTime: loop?.startTime.wholeSecondsText,
            families: IPFamily.allCases.compactMap(familyStatus),
            services: services,
            states: counts.sorted { $0.key < $1.key }.map { .init(state: $0.key, servicePorts: $0.value) },
            warnings: statusWarnings)
    }

    /// `nil` for a family that no rules are made for.
    private func familyStatus(_ family: IPFamily) -> StatusReport.Family? {
        let servicePorts = compilations.first { $0.family == family }?.servicePorts
        let state = loop?.families[family]
        guard servicePorts != nil || state != nil else { return nil }
        var status = StatusReport.Family(
            ipFamily: family.kubernetesName, servicePorts: servicePorts?.count ?? 0,
            endpoints: servicePorts?.reduce(0) { $0 + $1.selection.endpoints.count } ?? 0)
        if let state { status.fill(state) }
        return status
    }

    private var statusWarnings: [String] {
        invalidObjects.map { "invalid: \($0)" } + conflicts.map { "conflict: \($0.message)" } + (loop?.warnings ?? [])
            + objectWarnings.map { "\($0)" }
    }
}

extension StatusReport.Family {
    fileprivate mutating func fill(_ state: FamilyState) {
        isInSync = state.outOfSync == nil
        since = (state.outOfSync?.since ?? state.inSyncSince)?.wholeSecondsText
        reason = state.outOfSync?.reason
        lastSync = state.lastSync.map { sync in
            StatusReport.LastSync(
                time: sync.time.wholeSecondsText, trigger: sync.reason,
                tables: sync.tables.map { .init(name: $0.table.rawValue, entries: $0.entries) },
                phases: sync.phases.map {
                    .init(name: $0.name, milliseconds: ($0.duration / .microseconds(100)).rounded() / 10)
                })
        }
    }
}

extension Timestamp {
    /// RFC 3339 without decimals: a person reads it, and compares it with the lines of the log.
    fileprivate var wholeSecondsText: String { Timestamp(seconds: seconds).description }
}

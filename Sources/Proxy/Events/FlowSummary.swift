// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import NetworkTypes

/// What a cleanup of flows did, in words.
package struct FlowSummary: Sendable {
    private let report: StaleFlowCleanup.Report
    private let family: IPFamily

    package init(_ report: StaleFlowCleanup.Report, _ family: IPFamily) {
        self.report = report
        self.family = family
    }

    /// Whether anything was deleted.
    package var hasDeletions: Bool { report.deletion.deleted + report.connections.deleted > 0 }

    /// One line.
    package var deletions: String {
        let count = report.connections.deleted
        let connections = "and \(count) unanswered TCP connections that began without rules"
        return "\(family.kubernetesName): deleted \(report.deletion.deleted) stale UDP flows of "
            + "\(report.examined) checked\(count > 0 ? ", \(connections)" : "")"
    }

    /// What the kernel would not delete, one line for each kind.
    package var refusals: [String] {
        let flows = report.deletion.firstRefusal.map {
            "\(report.deletion.refused) stale UDP flows were not deleted: \($0)"
        }
        let connections = report.connections.firstRefusal.map {
            "\(report.connections.refused) unanswered TCP connections were not deleted: \($0)"
        }
        return [flows, connections].compactMap(\.self)
    }
}

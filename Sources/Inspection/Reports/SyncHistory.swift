// SPDX-License-Identifier: Apache-2.0

/// What the syncs of the last hour did and how long they took, minute by minute: the page draws it.
package struct SyncHistoryInquiry: Inquiry {
    package static let path = "/v1/syncs"
    package static let parameterNames: [String] = []
    package static let needs: InquiryNeeds = []

    package init() {}

    package init(_ parameters: InquiryParameters) {}

    package var parameters: InquiryParameters { InquiryParameters() }

    package func report(on state: InspectedState) throws(InquiryFailure) -> any Report {
        guard let syncs = state.loop?.syncs else { throw .invalid("only a running program keeps a history of syncs") }
        return SyncHistory(items: syncs.minutes)
    }
}

/// The history of syncs that a program keeps.
package protocol KeptSyncs: Sendable {
    /// The minutes of the last hour in which there was a sync, by family, the oldest first.
    var minutes: [SyncMinute] { get }
}

/// The syncs of the last hour: one item for each minute and family that had any.
package struct SyncHistory: ListReport {
    package var apiVersion = ReportVersion.current
    package var kind = "SyncHistory"
    package var items: [SyncMinute]

    package init(items: [SyncMinute]) { self.items = items }
}

/// The syncs of one family in one minute.
package struct SyncMinute: Sendable, Hashable, Codable {
    /// Times in milliseconds.
    package struct Times: Sendable, Hashable, Codable {
        /// The middle one; of more than 1,000 in a minute, that of the first 1,000.
        package var median: Double
        /// The longest one.
        package var maximum: Double

        package init(median: Double, maximum: Double) {
            self.median = median
            self.maximum = maximum
        }
    }

    /// The beginning of the minute, as RFC 3339 has it.
    package var time: String
    package var ipFamily: String
    /// Syncs that succeeded, checks that found nothing to do included.
    package var syncs = 0
    /// Syncs that failed.
    package var failures = 0
    /// Changes of Services that took effect.
    package var changes = 0
    /// Rules that another process had changed, and that were repaired.
    package var driftedRules = 0
    /// How long syncs took that changed the kernel, from compiling to the end of the commit; `nil` if none did.
    package var duration: Times?
    /// From the moment at which changes were seen in the cluster until their rules were in force; `nil` if no object of a change
    /// has that moment.
    package var latency: Times?

    package init(time: String, ipFamily: String) {
        self.time = time
        self.ipFamily = ipFamily
    }
}

extension SyncHistory {
    package func writeText(_ style: ReportStyle, _ line: (String) -> Void) {
        var table = TextTable([
            .init(heading: "TIME", minimum: 20), .init(heading: "FAMILY", minimum: 6),
            .init(heading: "SYNCS", isRightAligned: true), .init(heading: "FAILED", isRightAligned: true),
            .init(heading: "CHANGES", isRightAligned: true), .init(heading: "DRIFTED", isRightAligned: true),
            .init(heading: "SYNC-MS", isRightAligned: true), .init(heading: "LATENCY-MS", isRightAligned: true),
        ])
        for item in items {
            table.append([
                .init(item.time), .init(item.ipFamily), .init("\(item.syncs)"), .init("\(item.failures)"),
                .init("\(item.changes)"), .init("\(item.driftedRules)"), .init(item.duration.map { "\($0.median)" }),
                .init(item.latency.map { "\($0.median)" }),
            ])
        }
        table.write(style, line)
    }
}

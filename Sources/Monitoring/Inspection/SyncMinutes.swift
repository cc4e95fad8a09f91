// SPDX-License-Identifier: Apache-2.0

import Inspection
import KernelTables
import KubernetesObjects
import NetworkTypes
import Proxy

/// The syncs of one family in the last hour, minute by minute.
///
/// A minute takes about 200 bytes, and the current one up to 16 kB more for times: less than 30 kB for a family.
struct SyncMinutes: Sendable {
    /// How many minutes are kept.
    static let count = 60
    private static let minute = 60

    private struct Record {
        /// Counted from 1970.
        let number: Int
        var minute: SyncMinute
        var durations = TimeSample()
        var latencies = TimeSample()

        init(_ number: Int, _ family: IPFamily) {
            self.number = number
            minute = SyncMinute(
                time: "\(Timestamp(seconds: number * SyncMinutes.minute))", ipFamily: family.kubernetesName)
        }

        /// The minute with what its times come to.
        var summary: SyncMinute {
            var summary = minute
            summary.duration = durations.times ?? minute.duration
            summary.latency = latencies.times ?? minute.latency
            return summary
        }

        /// Keeps the summary only.
        mutating func close() {
            minute = summary
            durations = TimeSample()
            latencies = TimeSample()
        }
    }

    private let family: IPFamily
    private var records: [Record] = []

    init(_ family: IPFamily) { self.family = family }

    mutating func note(_ synchronization: Synchronization, at time: Timestamp) {
        update(time) { record in
            record.minute.syncs += 1
            record.minute.changes += synchronization.serviceChanges.count
            record.minute.driftedRules += synchronization.report.drift.reduce(0) { $0 + $1.ruleCount }
            if synchronization.report.hasChanges {
                record.durations.add(synchronization.compileTime + synchronization.report.phases.total)
            }
            for trigger in synchronization.serviceChanges.compactMap(\.trigger) {
                record.latencies.add(max(.zero, trigger.duration(to: time)))
            }
        }
    }

    mutating func noteFailure(at time: Timestamp) { update(time) { $0.minute.failures += 1 } }

    /// The minutes of the hour before `time` that had a sync, the oldest first.
    func minutes(until time: Timestamp) -> [SyncMinute] {
        let last = time.seconds / Self.minute
        return records.filter { (last - Self.count + 1...last).contains($0.number) }.map(\.summary)
    }

    private mutating func update(_ time: Timestamp, _ change: (inout Record) -> Void) {
        let number = time.seconds / Self.minute
        // A clock that is set back begins again.
        records.removeAll { $0.number <= number - Self.count || $0.number > number }
        if records.last?.number != number {
            if !records.isEmpty { records[records.count - 1].close() }
            records.append(Record(number, family))
        }
        change(&records[records.count - 1])
    }
}

/// Some times, of which the middle one and the longest one are wanted.
private struct TimeSample: Sendable {
    /// The first ones, in milliseconds.
    private var first: [Double] = []
    private var maximum = 0.0

    private static let limit = 1_000

    mutating func add(_ duration: Duration) {
        let milliseconds = (duration / .microseconds(100)).rounded() / 10
        if first.count < Self.limit { first.append(milliseconds) }
        maximum = max(maximum, milliseconds)
    }

    /// `nil` without any time.
    var times: SyncMinute.Times? {
        first.isEmpty ? nil : SyncMinute.Times(median: first.sorted()[first.count / 2], maximum: maximum)
    }
}

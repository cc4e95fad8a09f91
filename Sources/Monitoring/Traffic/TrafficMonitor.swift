// SPDX-License-Identifier: Apache-2.0

import Inspection
import KernelTables
import NetworkTypes
import PrometheusText
import Proxy
import RuleCompiler
import XTables

/// How much `/metrics` serves about the traffic of Services.
package enum TrafficDetail: String, Sendable, CaseIterable {
    /// As ``endpoints``, with the bytes of first packets: nearly twice as many series.
    case bytes
    /// Every service port, and every endpoint that has had connections.
    case endpoints
    /// Every service port.
    case services
    /// Nothing; no counters are read.
    case off

    /// Whether endpoints have metrics of their own.
    var hasEndpoints: Bool { self == .bytes || self == .endpoints }
}

/// The traffic of Services and their endpoints as metrics, from the counters that the kernel keeps for each rule.
///
/// The tables are read for a scrape, at most once in a second; neither the loop nor a server waits for it.
package final class TrafficMonitor: TrafficFollower {
    private let detail: TrafficDetail
    private let metrics: TrafficMetrics
    private let families: [IPFamily: FamilyTraffic]
    private let queues: [IPFamily: BlockingQueue]
    private let pace = ReadingPace()
    private let textQueue = BlockingQueue(label: "kubetables.traffic")

    /// The number of removed endpoints of a family that are still served.
    package static let retiredLimit = 10_000

    /// - Parameters:
    ///   - families: the families whose rules are kept in sync.
    ///   - read: reads the counters of a family's rules; blocks.
    package init(
        _ registry: MetricRegistry, _ detail: TrafficDetail, families: [IPFamily] = IPFamily.allCases,
        read: @escaping @Sendable (IPFamily) throws(KernelFailure) -> TrafficReading
    ) {
        self.detail = detail
        metrics = TrafficMetrics(registry)
        let limit = detail.hasEndpoints ? Self.retiredLimit : 0
        self.families = Dictionary(
            uniqueKeysWithValues: families.map { ($0, FamilyTraffic($0, retiredLimit: limit, read: read)) })
        queues = Dictionary(
            uniqueKeysWithValues: families.map {
                ($0, BlockingQueue(label: "kubetables.traffic.\($0.kubernetesName)"))
            })
    }

    /// Reads the counters if that was not done within a second, and appends the metrics.
    package func write(after text: MetricText) async -> MetricText {
        guard detail != .off else { return text }
        await pace.refresh { await self.refresh() }
        let snapshots = IPFamily.allCases.compactMap { families[$0]?.snapshot }
        let result = await textQueue.run { [metrics, detail] in
            var text = text
            metrics.write(snapshots, detail: detail, to: &text)
            return text
        }
        await pace.scheduleGivingBack(textQueue)
        return result
    }

    /// Reads the counters if that was not done within a second; does not wait longer than `limit` for it.
    ///
    /// - Parameter isMeasuring: whether rates and shares are wanted. Readings are kept for them for a while, and are made less
    ///   often if they take long.
    func refresh(within limit: Duration, isMeasuring: Bool = false) async {
        guard detail != .off else { return }
        if isMeasuring { keepWindows() }
        // The first rates are worth a reading soon after the one before.
        let isSparing = isMeasuring && families.values.contains(where: \.isMeasured)
        await BoundedWait.run(atMost: limit) { [pace] in
            await pace.refresh(isSparing: isSparing) { await self.refresh() }
        }
    }

    private func keepWindows() {
        for traffic in families.values where traffic.keepWindow() {
            Task {
                while traffic.dropWindow() { try? await Task.sleep(for: FamilyTraffic.windowTime / 4) }
            }
        }
    }

    /// What the rules of a family have counted at the last reading.
    func counted(_ family: IPFamily) -> (any CountedTraffic)? { families[family]?.snapshot }

    private func refresh() async {
        await withTaskGroup(of: Void.self) { group in
            for (family, traffic) in families {
                guard let queue = queues[family] else { continue }
                group.addTask {
                    await queue.run {
                        traffic.refresh()
                        Memory.giveBack()
                    }
                }
            }
        }
    }

    // MARK: Changes

    package func beginChange(of family: IPFamily) { families[family]?.beginChange() }

    package func committed(_ table: Table, family: IPFamily, removed: [CounterKey: RuleCounters]) {
        families[family]?.committed(table, removed: removed)
    }

    package func endChange(of family: IPFamily) { families[family]?.endChange() }

    package func rulesAreInForce(_ compilation: Compilation) {
        families[compilation.family]?.rulesAreInForce(compilation)
    }
}

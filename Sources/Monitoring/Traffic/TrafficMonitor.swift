import KernelTables
import NetworkTypes
import Proxy
import RuleCompiler
import XTables

/// What Services and their endpoints have got, as metrics, read from the counters that the kernel keeps for each rule.
///
/// The tables are read when somebody asks, at most once in a second, whoever asks; neither the loop nor a server waits.
public final class TrafficMonitor: TrafficFollower {
    private let detail: TrafficDetail
    private let families: [IPFamily: FamilyTraffic]
    private let queues: [IPFamily: BlockingQueue]
    private let pace = ReadingPace()
    private let textQueue = BlockingQueue(label: "kubetables.traffic")

    /// How many endpoints of a family are told about that are gone.
    public static let retiredLimit = 10_000

    /// Knows no rules yet.
    ///
    /// - Parameters:
    ///   - detail: how much is told.
    ///   - families: the families that rules are made for.
    ///   - read: reads what the rules of a family show; blocks.
    public init(
        _ detail: TrafficDetail, families: [IPFamily] = IPFamily.allCases,
        read: @escaping @Sendable (IPFamily) throws(KernelFailure) -> TrafficReading = TrafficReading.ofKernel
    ) {
        self.detail = detail
        let limit = detail == .endpoints ? Self.retiredLimit : 0
        self.families = Dictionary(
            uniqueKeysWithValues: families.map { ($0, FamilyTraffic($0, retiredLimit: limit, read: read)) })
        queues = Dictionary(
            uniqueKeysWithValues: families.map {
                ($0, BlockingQueue(label: "kubetables.traffic.\($0.kubernetesName)"))
            })
    }

    /// Reads the tables if that was not done just now, and writes the metrics behind others.
    public func write(after text: MetricText) async -> MetricText {
        guard detail != .off else { return text }
        await pace.refresh { await self.refresh() }
        let snapshots = IPFamily.allCases.compactMap { families[$0]?.snapshot }
        let detail = detail
        let result = await textQueue.run {
            var text = text
            TrafficText(snapshots, detail: detail).write(to: &text)
            return text
        }
        await pace.scheduleGivingBack(textQueue)
        return result
    }

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

    /// The tables of a family are being read, and perhaps changed.
    public func beginChange(of family: IPFamily) { families[family]?.beginChange() }

    /// A table was changed.
    public func committed(_ table: Table, family: IPFamily, removed: [RuleIdentity: RuleCounters]) {
        families[family]?.committed(table, removed: removed)
    }

    /// The tables are as they were left.
    public func endChange(of family: IPFamily) { families[family]?.endChange() }

    /// The kernel holds these rules now.
    public func rulesAreInForce(_ compilation: Compilation) {
        families[compilation.family]?.rulesAreInForce(compilation)
    }
}

/// Lets one reading serve all who ask at the time, and for a second after.
private actor ReadingPace {
    private static let period = Duration.seconds(1)
    /// How long an answer takes to be sent, by far.
    private static let sendingTime = Duration.seconds(5)

    private var running: Task<Void, Never>?
    private var lastEnd: ContinuousClock.Instant?
    private var lastAnswer = ContinuousClock.now
    private var isGivingBackScheduled = false

    func refresh(_ body: @escaping @Sendable () async -> Void) async {
        if let running { return await running.value }
        if let lastEnd, ContinuousClock.now - lastEnd < Self.period { return }
        let task = Task { await body() }
        running = task
        await task.value
        running = nil
        lastEnd = ContinuousClock.now
    }

    /// Gives the memory of long answers back when the last of them has been sent.
    func scheduleGivingBack(_ queue: BlockingQueue) {
        lastAnswer = .now
        guard !isGivingBackScheduled else { return }
        isGivingBackScheduled = true
        Task {
            while ContinuousClock.now - lastAnswer < Self.sendingTime {
                try? await Task.sleep(until: lastAnswer + Self.sendingTime, clock: .continuous)
            }
            isGivingBackScheduled = false
            await queue.run { Memory.giveBack() }
        }
    }
}

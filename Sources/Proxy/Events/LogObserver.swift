import ConnectionTracking
import KernelTables
import KubernetesObjects
import Logging
import NetworkTypes
import Synchronization

/// Writes what happens in the loop to a log: a line for each synchronization, and what goes wrong once, not each time.
public final class LogObserver: ProxyObserver {
    private let logger: Logger
    private let said = Mutex(Said())

    /// What the last lines of each family said, so that they are not repeated.
    private struct Said {
        var failures: [IPFamily: String] = [:]
        var flowFailures: [IPFamily: String] = [:]
        var drift: [IPFamily: (lines: [String], count: Int)] = [:]
        var refusals: [IPFamily: String] = [:]
        var surroundings: [IPFamily: [String]] = [:]
        var warnings: Set<String> = []
        var waiting = ""
    }

    /// Writes to a log.
    public init(_ logger: Logger) { self.logger = logger }

    /// Something happened.
    public func observe(_ event: ProxyEvent) {
        switch event {
        case .changeQueued(let family):
            logger.debug("\(family.kubernetesName): a change is queued")
        case .waiting(let kinds):
            let text = kinds.map(\.rawValue).joined(separator: ", ")
            let isNew = said.withLock { said in
                defer { said.waiting = text }
                return said.waiting != text
            }
            logger.log(level: isNew ? .warning : .debug, "no rules yet: waiting for a complete list of \(text)")
        case .unusableSettings(let reason):
            logger.error("the options do not fit the node, rules stay as they are: \(reason)")
        case .missingNode(let name):
            warn([
                "there is no Node named \(name): no endpoint counts as one of this node, and its zone and addresses are "
                    + "not known; is --hostname-override right?"
            ])
        case .objectsChanged, .changesPending:
            break
        case .nodeLeaving(true):
            logger.notice("the node is about to be removed: /healthz tells load balancers to turn to others")
        case .nodeLeaving(false):
            logger.notice("the node stays: /healthz tells load balancers so")
        case .synchronized(let synchronization):
            log(synchronization)
        case .failed(let failure):
            let key = failure.error.withoutTimes
            let isNew = said.withLock { $0.failures.updateValue(key, forKey: failure.family) != key }
            logger.log(
                level: isNew ? .error : .debug,
                """
                \(failure.family.kubernetesName): \(failure.error); the next try is in \(failure.retryAfter), \
                or with the next change
                """)
        case .flowsCleaned(let family, let report):
            log(report, family)
        case .flowsNotCleaned(let family, let failure):
            let isNew = said.withLock { $0.flowFailures.updateValue("\(failure)", forKey: family) != "\(failure)" }
            logger.log(level: isNew ? .warning : .debug, "stale UDP flows stay: \(failure)")
        case .surroundings(let family, let warnings):
            let new = said.withLock { said in
                let known = said.surroundings.updateValue(warnings, forKey: family) ?? []
                return warnings.filter { !known.contains($0) }
            }
            for warning in new { logger.warning("\(warning)") }
        case .healthChecksChanged(let services):
            logger.debug(
                "\(services.family.kubernetesName): \(services.servicePorts.count) service ports have health checks")
        }
    }

    private func log(_ synchronization: Synchronization) {
        let report = synchronization.report
        let summary = SyncSummary(report)
        let hasRecovered = said.withLock { $0.failures.removeValue(forKey: report.family) != nil }
        log(drift: summary.driftLines, report.family)
        warn(summary.warnings)
        let timing = summary.timing(compile: synchronization.compileTime)
        let isQuiet = synchronization.reason == .check && !report.hasChanges && !hasRecovered
        logger.log(
            level: isQuiet ? .debug : .info,
            "\(Self.words(synchronization)): \(summary.lines.joined(separator: "; ")); took \(timing)")
    }

    /// Tells what had drifted, unless it is the same again and again: then once, that somebody keeps doing it.
    private func log(drift lines: [String], _ family: IPFamily) {
        let repetitions = said.withLock { said -> Int in
            let known = said.drift[family]
            let count = lines.isEmpty || known?.lines != lines ? 0 : (known?.count ?? 0) + 1
            if !lines.isEmpty { said.drift[family] = (lines, count) }
            return count
        }
        for line in lines { logger.log(level: repetitions < Self.repetitionLimit ? .warning : .debug, "\(line)") }
        if repetitions == Self.repetitionLimit {
            logger.warning(
                """
                \(family.kubernetesName): somebody keeps doing this, and it is mended each time; is another kube-proxy or \
                kubetables running on this node? \(lines.joined(separator: "; "))
                """)
        }
    }

    private static let repetitionLimit = 5

    private static func words(_ synchronization: Synchronization) -> String {
        switch (synchronization.reason, synchronization.changedServices) {
        case (.start, _): "start"
        case (.check, _): synchronization.report.drift.isEmpty ? "a look at the tables" : "drift"
        case (.retry, _): "tried again"
        case (_, nil): "node or options changed"
        case (_, 1?): "1 Service changed"
        case (_, let count?): "\(count) Services changed"
        }
    }

    private func log(_ report: StaleFlowCleanup.Report, _ family: IPFamily) {
        said.withLock { $0.flowFailures[family] = nil }
        let deletion = report.deletion
        if let refusal = deletion.firstRefusal {
            let key = "\(refusal.errorNumber)"
            let isNew = said.withLock { $0.refusals.updateValue(key, forKey: family) != key }
            logger.log(level: isNew ? .warning : .debug, "\(deletion.refused) stale UDP flows stay: \(refusal)")
        } else {
            said.withLock { $0.refusals[family] = nil }
        }
        logger.log(
            level: deletion.deleted > 0 ? .info : .debug,
            "\(family.kubernetesName): \(deletion.deleted) stale UDP flows deleted, of \(report.examined) looked at")
    }

    private func warn(_ warnings: [String]) {
        for warning in warnings where said.withLock({ $0.warnings.insert(warning).inserted }) {
            logger.warning("\(warning)")
        }
    }
}

extension SyncError {
    /// What tells one failure from another: a lock that was waited for a millisecond longer is the same.
    fileprivate var withoutTimes: String {
        if case .lock(.busy(let path, _)) = self { return "busy \(path)" }
        return "\(self)"
    }
}

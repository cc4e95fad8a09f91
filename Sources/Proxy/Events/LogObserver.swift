// SPDX-License-Identifier: Apache-2.0

import ConnectionTracking
import ForeignRules
import Host
import KernelTables
import KubernetesObjects
import Logging
import NetworkTypes
import Synchronization
import SystemPackage
import XTables

/// Writes what happens in the loop to a log: a line for each synchronization, and what goes wrong once, not each time.
package final class LogObserver: ProxyObserver {
    private let logger: Logger
    private let subject: String
    private let reported = Mutex(Reported())

    /// What the last lines were about, so that they are not repeated.
    private struct Reported {
        var failures: [IPFamily: String] = [:]
        var flowFailures: [IPFamily: String] = [:]
        var flowRefusals: [IPFamily: [String]] = [:]
        var drift: [IPFamily: (lines: [String], count: Int)] = [:]
        var hostWarnings: [IPFamily: [String]] = [:]
        var judgements = LineBudget()
        var hasLostEvents = false
        var conflicts: Set<ServiceConflict> = []
        var foreignRules: [IPFamily: [ForeignRuleAhead]] = [:]
        var warnings: Set<String> = []
        var waiting = ""
    }

    /// - Parameters:
    ///   - logger: the log.
    ///   - subject: where objects come from and for which node, for example `manifests=/etc/kubetables node=node-1`.
    package init(_ logger: Logger, subject: String) {
        self.logger = logger
        self.subject = subject
    }

    package func observe(_ event: ProxyEvent) {
        switch event {
        case .started(let counts):
            logger.info("started: \(subject) services=\(counts.services) endpoints=\(counts.endpoints)")
        case .waiting(let kinds):
            let text = kinds.map(\.rawValue).joined(separator: ", ")
            logger.log(
                level: level(.warning, ifNew: text, \.waiting),
                "no rules yet: waiting for a complete list of \(text)")
        case .changeQueued(let family):
            logger.debug("\(family.kubernetesName): a change is queued")
        case .objectsChanged, .changesPending, .optionsChanged, .invalidObjects, .objectWarnings,
            .contactChanged:
            break
        case .rulesKept(let report):
            log(report)
        case .configurationChecked(let warnings):
            warn(warnings)
        case .conflicts(let conflicts):
            log(conflicts)
        case .foreignRulesAhead(let family, let rules):
            log(rules, family)
        case .recognizedRulesAhead(let family, let rules):
            for rules in rules { logger.info("\(rules.line(family))") }
        case .unusableSettings(let reason):
            logger.error("the options do not fit this node, no rules are made or changed: \(reason)")
        case .missingNode(let name):
            warn([
                "there is no Node named \(name): its zone, addresses and pod CIDRs are unknown, and only endpoints with "
                    + "nodeName \(name) count as local; is --hostname-override right?"
            ])
        case .nodeLeaving(true):
            logger.notice("the node is about to be removed: /healthz answers 503, so that load balancers avoid it")
        case .nodeLeaving(false):
            logger.notice("the node is no longer about to be removed: /healthz answers as before")
        case .synchronized(let synchronization):
            log(synchronization)
        case .failed(let failure):
            logger.log(
                level: level(.error, ifNew: failure.error.withoutTimes, \.failures[failure.family]),
                """
                \(failure.family.kubernetesName): \(failure.error); next attempt in \(failure.retryAfter), \
                or with the next change
                """)
        case .flowsCleaned(let family, let report):
            log(report, family)
        case .flowsNotCleaned(let family, let failure):
            logger.log(
                level: level(.warning, ifNew: failure.description, \.flowFailures[family]),
                "stale flows were not deleted: \(failure)")
        case .connectionsFailed:
            break
        case .endpointJudged(let judgement):
            log(judgement)
        case .connectionsNotFollowed(nil):
            logger.notice("connections to endpoints are followed again")
        case .connectionsNotFollowed(let failure?):
            logger.warning("endpoints that fail are neither avoided nor ejected: \(failure)")
        case .connectionEventsLost:
            logger.log(
                level: level(.warning, ifNew: true, \.hasLostEvents),
                "connections began faster than they could be followed: some that failed were missed")
        case .hostChecked(let family, let warnings):
            let known = reported.withLock { $0.hostWarnings.updateValue(warnings, forKey: family) ?? [] }
            for warning in warnings where !known.contains(warning) { logger.warning("\(warning)") }
        case .healthChecksChanged(let services):
            logger.debug(
                "\(services.family.kubernetesName): \(services.servicePorts.count) service ports have health checks")
        }
    }

    private func log(_ synchronization: Synchronization) {
        let report = synchronization.report
        let summary = SyncSummary(report)
        let hasRecovered = reported.withLock { $0.failures.removeValue(forKey: report.family) != nil }
        log(drift: summary.driftLines, report.family)
        warn(summary.warnings)
        let timing = summary.timing(compile: synchronization.compileTime)
        let isQuiet = synchronization.reason == .check && !report.hasChanges && !hasRecovered
        let changes = synchronization.serviceChanges
        let lines = (changes.isEmpty ? [] : [changes.summary]) + summary.lines
        logger.log(
            level: isQuiet ? .debug : .info,
            "\(Self.words(synchronization)): \(lines.joined(separator: "; ")); took \(timing)",
            metadata: SyncLogFields(synchronization).metadata)
    }

    /// Logs what had drifted; of the same drift again and again, in the end only that another process keeps making it.
    private func log(drift lines: [String], _ family: IPFamily) {
        let repetitions = reported.withLock { reported -> Int in
            let known = reported.drift[family]
            let count = lines.isEmpty || known?.lines != lines ? 0 : (known?.count ?? 0) + 1
            if !lines.isEmpty { reported.drift[family] = (lines, count) }
            return count
        }
        for line in lines { logger.log(level: repetitions < Self.repetitionLimit ? .warning : .debug, "\(line)") }
        if repetitions == Self.repetitionLimit {
            logger.warning(
                """
                \(family.kubernetesName): another process keeps changing these rules; they are repaired each time: is \
                another kube-proxy or kubetables running on this node? \(lines.joined(separator: "; "))
                """)
        }
    }

    private static let repetitionLimit = 5

    private static func words(_ synchronization: Synchronization) -> String {
        switch (synchronization.reason, synchronization.changedServices) {
        case (.start, _): "start"
        case (.check, _): synchronization.report.drift.isEmpty ? "check" : "drift repaired"
        case (.retry, _): "retry"
        case (_, nil): "node or options changed"
        case (_, 1?): "1 Service changed"
        case (_, let count?): "\(count) Services changed"
        }
    }

    private func log(_ report: StaleFlowCleanup.Report, _ family: IPFamily) {
        reported.withLock { $0.flowFailures[family] = nil }
        let summary = FlowSummary(report, family)
        let refusals = [report.deletion, report.connections].compactMap(\.firstRefusal?.error.text)
        let refusalLevel = level(.warning, ifNew: refusals, \.flowRefusals[family])
        for line in summary.refusals { logger.log(level: refusalLevel, "\(line)") }
        logger.log(level: summary.hasDeletions ? .info : .debug, "\(summary.deletions)")
    }

    /// Logs ejections and their ends; what is avoided for seconds, only in detail.
    private func log(_ judgement: EndpointJudgement) {
        let level: Logger.Level =
            switch judgement.kind {
            case .ejected: .warning
            case .returned(true): .notice
            case .avoided, .returned(false): .debug
            }
        let (isAllowed, suppressed) =
            level == .debug
            ? (true, 0) : reported.withLock { $0.judgements.take(now: ContinuousClock.now) }
        if suppressed > 0 { logger.warning("\(suppressed) more endpoints were ejected, or are no longer") }
        if isAllowed { logger.log(level: level, "\(judgement)") }
    }

    private func log(_ report: KeptRulesReport) {
        let family = report.family.kubernetesName
        if report.isEmpty {
            logger.notice("\(family): all input was read; nothing of an earlier run's rules is kept any longer")
        } else {
            logger.warning("\(family): \(report.message)")
        }
    }

    private func log(_ conflicts: [ServiceConflict]) {
        let known = reported.withLock { reported in
            defer { reported.conflicts = Set(conflicts) }
            return reported.conflicts
        }
        for conflict in conflicts where !known.contains(conflict) {
            logger.warning("Service \(conflict.loser.service): \(conflict.message)")
        }
        for conflict in known.subtracting(conflicts).sorted() {
            logger.notice("\(conflict.claim) is no longer claimed by both \(conflict.loser) and \(conflict.winner)")
        }
    }

    private func log(_ rules: [ForeignRuleAhead], _ family: IPFamily) {
        let known = reported.withLock { $0.foreignRules.updateValue(rules, forKey: family) ?? [] }
        // What a rule can take changes with each Service.
        for rule in rules where !known.contains(where: rule.isSameRule) {
            logger.warning(
                """
                \(family.kubernetesName) \(rule.table.rawValue): a foreign rule comes before our jumps and \(rule.effect): \
                \(rule.rule)
                """)
        }
        if rules.isEmpty, !known.isEmpty {
            return logger.notice("\(family.kubernetesName): no foreign rules come before our jumps any longer")
        }
        for rule in known where !rules.contains(where: rule.isSameRule) {
            logger.notice(
                "\(family.kubernetesName) \(rule.table.rawValue): no longer comes before our jumps: \(rule.rule)")
        }
    }

    private func warn(_ warnings: [String]) {
        for warning in warnings where reported.withLock({ $0.warnings.insert(warning).inserted }) {
            logger.warning("\(warning)")
        }
    }

    /// `level`, or `debug` if the last line of its kind was about the same.
    private func level<Text: Equatable>(
        _ level: Logger.Level, ifNew text: Text, _ path: WritableKeyPath<Reported, Text>
    ) -> Logger.Level {
        reported.withLock { reported in
            defer { reported[keyPath: path] = text }
            return reported[keyPath: path] == text ? .debug : level
        }
    }
}

extension SyncError {
    /// What distinguishes one failure from another: a lock that was waited for a millisecond longer is the same.
    fileprivate var withoutTimes: String {
        if case .lock(.busy(let path, _, _)) = self { return "busy \(path)" }
        return "\(self)"
    }
}

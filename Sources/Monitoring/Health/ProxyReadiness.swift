// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import KubernetesObjects
import Messages
import NetworkTypes
import Proxy

/// Whether the rules of this run are in force: the basis of `/readyz`.
///
/// Rules of an earlier run may be in the kernel, so a proxy that is not ready yet does no harm by itself. But a new version
/// or configuration that never becomes ready must not reach more nodes: a rollout waits for this answer.
///
/// Ready is a proxy whose families have all been in sync once, and which could read all its input when it started, or since
/// then. It is a value.
package struct ProxyReadiness: Sendable {
    private let families: [IPFamily]
    private var committed: Set<IPFamily> = []
    private var missing: Set<IPFamily> = []
    private var failures: [IPFamily: String] = [:]
    private var isStarted = false
    private var waitingFor: [KubernetesObject.Kind] = []
    private var unusableSettings: String?
    /// What could not be read when the rules were made first, and cannot be read still.
    private var unreadable: [Diagnostic] = []
    /// What stays of an earlier run's rules because of it.
    private var kept: [IPFamily: KeptRulesReport] = [:]

    private static let listedErrors = 10

    package init(families: [IPFamily]) { self.families = families }

    /// No rules are made before these kinds are known.
    package mutating func wait(for kinds: [KubernetesObject.Kind]) { waitingFor = kinds }

    /// Everything is known that rules are made of.
    package mutating func start() { isStarted = true }

    /// The options make no sense on this node.
    package mutating func refuse(settings reason: String) { unusableSettings = reason }

    /// These objects and files cannot be used now.
    package mutating func setErrors(_ errors: [Diagnostic]) {
        guard isStarted else { return unreadable = errors }
        let known = Set(unreadable.map(\.subject))
        unreadable = errors.filter { known.contains($0.subject) }
    }

    /// A family's rules are in sync.
    package mutating func finish(_ family: IPFamily) {
        committed.insert(family)
        failures[family] = nil
        unusableSettings = nil
    }

    /// A family's rules could not be brought in sync.
    ///
    /// - Parameter isMissing: whether the kernel lacks the family's tables; it does not count if the other one has rules.
    package mutating func fail(_ family: IPFamily, _ reason: String, isMissing: Bool) {
        failures[family] = reason
        if isMissing { missing.insert(family) } else { missing.remove(family) }
    }

    /// This stays of an earlier run's rules.
    package mutating func keep(_ report: KeptRulesReport) { kept[report.family] = report.isEmpty ? nil : report }

    /// Why the proxy is not ready; empty if it is.
    package var reasons: [String] {
        let counted = families.filter { !committed.contains($0) && (!missing.contains($0) || committed.isEmpty) }
        var reasons = counted.map { "\($0.kubernetesName): no rules have been applied yet\(cause($0))" }
        for error in unreadable.prefix(Self.listedErrors) { reasons.append("unreadable since the start: \(error)") }
        if unreadable.count > Self.listedErrors {
            reasons.append("and \(unreadable.count - Self.listedErrors) more errors in the input")
        }
        // The rules alone are no reason: they go with the next commit when everything can be read.
        if !unreadable.isEmpty {
            reasons += families.compactMap { family in kept[family].map { "\(family.kubernetesName): \($0.message)" } }
        }
        return reasons
    }

    private func cause(_ family: IPFamily) -> String {
        if let failure = failures[family] { return ": \(failure)" }
        if let unusableSettings { return ": the options do not fit this node: \(unusableSettings)" }
        if isStarted { return "" }
        let kinds = waitingFor.map(\.rawValue).joined(separator: ", ")
        return ": waiting for a complete list of \(kinds.isEmpty ? "objects" : kinds)"
    }

    /// The answer of `/readyz`: 200, or 503 and the reasons.
    package var readyz: HTTPAnswer {
        let reasons = reasons
        guard !reasons.isEmpty else { return .text("ok\n") }
        return .text("not ready\n" + reasons.map { MessageText.line($0) + "\n" }.joined(), status: 503)
    }
}

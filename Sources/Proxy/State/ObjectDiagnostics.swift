// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import Logging
import Synchronization

/// Logs what is wrong with objects, once for each object until that changes, and reports all of it that is so now.
package final class ObjectDiagnostics: Sendable {
    private let logger: Logger
    private let observer: any ProxyObserver
    private let reported = Mutex<[ObjectKey: [Diagnostic]]>([:])
    private let current = Mutex(Findings())
    /// How many lines may be written, for objects can change a thousand times a second; those beyond are counted.
    ///
    /// Errors have a budget of their own: there can be a thousand objects of which each is only odd.
    private let budgets = Mutex((errors: LineBudget(), warnings: LineBudget()))

    /// - Parameters:
    ///   - logger: gets the lines.
    ///   - observer: receives ``ProxyEvent/invalidObjects(_:)`` and ``ProxyEvent/objectWarnings(_:)``.
    package init(_ logger: Logger, observer: any ProxyObserver) {
        self.logger = logger
        self.observer = observer
    }

    // MARK: Objects of a cluster

    /// Takes over what an update is accompanied by; comes before the update takes effect.
    func take(_ update: ObjectUpdate) {
        let hasChanged =
            switch update {
            case .listed(let kind, let objects, let unreadable, let remarks):
                take(kind, Set(objects.map(\.name)), unreadable, remarks)
            case .changed(let object, let remarks):
                replace(ObjectKey(object), with: remarks)
            case .unreadable(let object):
                replace(ObjectKey(kind: object.kind, name: object.name), with: object.diagnostics)
            case .removed(let kind, let name):
                reported.withLock { $0.removeValue(forKey: ObjectKey(kind: kind, name: name)) != nil }
            case .unreadableFiles:
                false
            }
        guard hasChanged else { return }
        report(reported.withLock { reported in reported.sorted { $0.key < $1.key }.flatMap(\.value) })
    }

    private func take(
        _ kind: KubernetesObject.Kind, _ names: Set<ObjectName>, _ unreadable: [UnreadableObject],
        _ remarks: [Diagnostic]
    ) -> Bool {
        var found = Dictionary(grouping: remarks) { $0.name ?? ObjectName(name: "") }
        for object in unreadable { found[object.name] = object.diagnostics }
        let known = reported.withLock { reported in
            let known = reported.keys.filter { $0.kind == kind }.map(\.name)
            // What is no longer there is not logged.
            for name in known where found[name] == nil && !names.contains(name) {
                reported[ObjectKey(kind: kind, name: name)] = nil
            }
            return known
        }
        var hasChanged = !known.isEmpty
        for name in Set(known.filter(names.contains)).union(found.keys).sorted() {
            if replace(ObjectKey(kind: kind, name: name), with: found[name] ?? []) { hasChanged = true }
        }
        return hasChanged
    }

    /// - Returns: whether anything else is wrong with the object than before.
    private func replace(_ key: ObjectKey, with diagnostics: [Diagnostic]) -> Bool {
        let old = reported.withLock { reported in
            defer { reported[key] = diagnostics.isEmpty ? nil : diagnostics }
            return reported[key] ?? []
        }
        guard diagnostics != old else { return false }
        for diagnostic in diagnostics {
            switch diagnostic.severity {
            case .error where mayLog(\.errors): logger.error("\(diagnostic); its last good state stays in force")
            case .warning where mayLog(\.warnings): logger.warning("\(diagnostic)")
            case .error, .warning, .note: logger.debug("\(diagnostic)")
            }
        }
        let hasError = { (diagnostics: [Diagnostic]) in diagnostics.contains { $0.severity == .error } }
        if hasError(old), !hasError(diagnostics) {
            let recovery = "\(key): valid again; its new state takes effect"
            if mayLog(\.errors) { logger.notice("\(recovery)") } else { logger.debug("\(recovery)") }
        }
        return true
    }

    private func mayLog(_ budget: WritableKeyPath<(errors: LineBudget, warnings: LineBudget), LineBudget>) -> Bool {
        let (isAllowed, suppressed) = budgets.withLock { $0[keyPath: budget].take(now: .now) }
        if suppressed > 0 { logger.warning("\(suppressed) more findings about objects in the minute before") }
        return isAllowed
    }

    // MARK: Files

    /// Logs what was found in files that were read now.
    package func log(_ diagnostics: [Diagnostic]) {
        for diagnostic in diagnostics {
            switch diagnostic.severity {
            case .error: logger.error("\(diagnostic)")
            case .warning: logger.warning("\(diagnostic)")
            case .note: logger.info("\(diagnostic)")
            }
        }
    }

    /// Reports what is wrong with all objects and files now: the errors if they are others than before, and the warnings likewise.
    package func report(_ diagnostics: [Diagnostic]) {
        let new = Findings(diagnostics)
        let old = current.withLock { current in
            defer { current = new }
            return current
        }
        if new.errors != old.errors { observer.observe(.invalidObjects(new.errors)) }
        if new.warnings != old.warnings { observer.observe(.objectWarnings(new.warnings)) }
    }

    private struct Findings {
        var errors: [Diagnostic] = []
        var warnings: [Diagnostic] = []

        init(_ diagnostics: [Diagnostic] = []) {
            errors = diagnostics.filter { $0.severity == .error }
            warnings = diagnostics.filter { $0.severity == .warning }
        }
    }
}

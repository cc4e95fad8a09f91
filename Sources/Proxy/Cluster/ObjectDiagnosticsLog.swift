import KubernetesObjects
import Logging
import Synchronization

/// Logs what is wrong with the objects of one kind: once for each object, until that changes.
///
/// Objects can change a thousand times a second, so there is a limit of lines a minute; those beyond it are counted.
final class ObjectDiagnosticsLog: Sendable {
    private let logger: Logger
    private let reported = Mutex<[ObjectName: [Diagnostic]]>([:])

    private let budget = Mutex(LineBudget())

    init(_ logger: Logger) { self.logger = logger }

    func write(_ update: ObjectUpdate) {
        switch update {
        case .listed(_, _, let unreadable, let remarks):
            let remarksByName = Dictionary(grouping: remarks) { $0.name ?? ObjectName(name: "") }
            let odd = Set(unreadable.map(\.name)).union(remarksByName.keys)
            reported.withLock { $0 = $0.filter { odd.contains($0.key) } }
            for (name, remarks) in remarksByName.sorted(by: { $0.key < $1.key }) { write(remarks, about: name) }
            for object in unreadable { write(object.diagnostics, about: object.name) }
        case .changed(let object, let remarks): write(remarks, about: object.name)
        case .unreadable(let object): write(object.diagnostics, about: object.name)
        case .removed(_, let name): write([], about: name)
        }
    }

    private func write(_ diagnostics: [Diagnostic], about name: ObjectName) {
        let old = reported.withLock { reported in
            defer { reported[name] = diagnostics.isEmpty ? nil : diagnostics }
            return reported[name] ?? []
        }
        guard diagnostics != old else { return }
        for diagnostic in diagnostics {
            let (isAllowed, suppressed) = budget.withLock { $0.take(now: .now) }
            if suppressed > 0 { logger.warning("\(suppressed) more findings about objects in the minute before") }
            guard isAllowed else {
                logger.debug("\(diagnostic)")
                continue
            }
            switch diagnostic.severity {
            case .error: logger.error("\(diagnostic); its last good state stays in force")
            case .warning: logger.warning("\(diagnostic)")
            case .note: logger.debug("\(diagnostic)")
            }
        }
    }
}

/// How many lines may still be written in the current minute.
struct LineBudget {
    static let limit = 100
    private static let period = Duration.seconds(60)

    private var periodStart: ContinuousClock.Instant?
    private var taken = 0

    /// Asks for a line.
    ///
    /// - Returns: whether it may be written, and how many were not in the period that is over now.
    mutating func take(now: ContinuousClock.Instant) -> (isAllowed: Bool, suppressed: Int) {
        var suppressed = 0
        if let periodStart, now - periodStart < Self.period {
            taken += 1
        } else {
            suppressed = max(0, taken - Self.limit)
            (periodStart, taken) = (now, 1)
        }
        return (taken <= Self.limit, suppressed)
    }
}

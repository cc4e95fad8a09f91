import KubernetesObjects
import Logging
import Synchronization

/// Logs what is wrong with the objects of one kind: once for each object, until that changes.
final class ObjectDiagnosticsLog: Sendable {
    private let logger: Logger
    private let reported = Mutex<[ObjectName: [Diagnostic]]>([:])

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
            switch diagnostic.severity {
            case .error: logger.error("\(diagnostic); its last good state stays in force")
            case .warning: logger.warning("\(diagnostic)")
            case .note: logger.debug("\(diagnostic)")
            }
        }
    }
}

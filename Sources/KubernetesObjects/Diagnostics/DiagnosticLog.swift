/// All findings about the input, so that a run reports all of them and not only the first.
public struct DiagnosticLog: Sendable {
    /// The diagnostics in the order in which they were found.
    public private(set) var diagnostics: [Diagnostic] = []

    /// An empty log.
    public init() {}

    /// Adds a diagnostic.
    public mutating func add(_ diagnostic: Diagnostic) { diagnostics.append(diagnostic) }

    /// Adds diagnostics in their order.
    public mutating func add(_ diagnostics: some Sequence<Diagnostic>) {
        self.diagnostics.append(contentsOf: diagnostics)
    }

    /// Whether the input cannot be used.
    public var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// The diagnostics of one severity.
    public func diagnostics(_ severity: Diagnostic.Severity) -> [Diagnostic] {
        diagnostics.filter { $0.severity == severity }
    }

    /// The same log with every warning made an error, as `--strict` asks for; notes stay notes.
    public func promotingWarnings() -> DiagnosticLog {
        var log = self
        for index in log.diagnostics.indices where log.diagnostics[index].severity == .warning {
            log.diagnostics[index].severity = .error
        }
        return log
    }
}

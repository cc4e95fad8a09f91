// SPDX-License-Identifier: Apache-2.0

/// All findings about the input, so that a run reports all of them and not only the first.
///
/// The first ``limit`` of each severity are kept in full, the others are counted: a file of nonsense must not make more
/// messages than anybody reads, nor take more memory for them than for itself.
public struct DiagnosticLog: Sendable {
    /// How many findings are kept in full.
    public static let limit = 100

    private var kept: [Diagnostic] = []
    private var counts: [Diagnostic.Severity: Int] = [:]

    /// An empty log.
    public init() {}

    /// At most ``limit`` findings in the order in which they were found, errors rather than warnings and warnings rather
    /// than notes; after them, for each severity, how many more there are.
    public var diagnostics: [Diagnostic] {
        var room = Self.limit
        var shown: [Diagnostic.Severity: Int] = [:]
        for severity in Self.severities {
            shown[severity] = min(room, keptCount(severity))
            room -= shown[severity, default: 0]
        }
        var left = shown
        let findings = kept.filter { finding in
            guard left[finding.severity, default: 0] > 0 else { return false }
            left[finding.severity, default: 0] -= 1
            return true
        }
        return findings
            + Self.severities.compactMap { severity in
                let count = counts[severity, default: 0] - shown[severity, default: 0]
                return count > 0 ? Self.summary(severity, count) : nil
            }
    }

    private static let severities = [Diagnostic.Severity.error, .warning, .note]

    private static func summary(_ severity: Diagnostic.Severity, _ count: Int) -> Diagnostic {
        Diagnostic(severity, file: "", message: "\(count) more \(severity.rawValue)\(count == 1 ? "" : "s")")
    }

    private func keptCount(_ severity: Diagnostic.Severity) -> Int { min(Self.limit, counts[severity, default: 0]) }

    /// Adds a finding.
    public mutating func add(_ diagnostic: Diagnostic) {
        let count = counts[diagnostic.severity, default: 0]
        counts[diagnostic.severity] = count + 1
        if count < Self.limit { kept.append(diagnostic) }
    }

    /// Counts findings that would not be kept in full: to make one takes time.
    mutating func count(more number: Int, _ severity: Diagnostic.Severity) {
        assert(isFull(severity))
        counts[severity, default: 0] += number
    }

    /// Adds findings in their order.
    public mutating func add(_ diagnostics: some Sequence<Diagnostic>) {
        for diagnostic in diagnostics { add(diagnostic) }
    }

    /// Adds everything that another log holds, also what it only counted.
    public mutating func add(_ log: DiagnosticLog) {
        for diagnostic in log.kept { add(diagnostic) }
        for (severity, count) in log.counts { counts[severity, default: 0] += count - log.keptCount(severity) }
    }

    /// The number of findings of a severity, those that are only counted included.
    public func count(_ severity: Diagnostic.Severity) -> Int { counts[severity, default: 0] }

    /// Whether another finding of a severity would only be counted.
    func isFull(_ severity: Diagnostic.Severity) -> Bool { count(severity) >= Self.limit }

    /// Whether the input cannot be used.
    public var hasErrors: Bool { count(.error) > 0 }

    /// The findings of one severity that are kept in full.
    public func diagnostics(_ severity: Diagnostic.Severity) -> [Diagnostic] {
        kept.filter { $0.severity == severity }
    }

    /// The same log with every warning made an error, as `--strict` asks for; notes stay notes.
    public func promotingWarnings() -> DiagnosticLog {
        var log = DiagnosticLog()
        for var diagnostic in kept {
            if diagnostic.severity == .warning { diagnostic.severity = .error }
            log.add(diagnostic)
        }
        for (severity, count) in counts {
            let target = severity == .warning ? .error : severity
            log.counts[target, default: 0] += count - keptCount(severity)
        }
        return log
    }
}

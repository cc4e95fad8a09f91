import RuleCompiler
import XTables

/// What has changed since the tables were last brought in step.
struct PendingChanges {
    /// The chains whose rules changed; `nil` if any may have.
    private(set) var chains: Compilation.TouchedChains? = [:]
    /// The number of changed Services; `nil` for all.
    private(set) var serviceCount: Int? = 0

    /// Everything may have changed.
    static let everything = PendingChanges(chains: nil, serviceCount: nil)
    /// Nothing has changed.
    static let none = PendingChanges(chains: [:], serviceCount: 0)

    /// Adds the changes of one Service.
    mutating func add(_ touched: Compilation.TouchedChains) {
        chains?.merge(touched) { $0.union($1) }
        serviceCount? += 1
    }

    /// Adds changes that were taken out to be served, and were not.
    mutating func putBack(_ earlier: PendingChanges) {
        if let others = earlier.chains { chains?.merge(others) { $0.union($1) } } else { chains = nil }
        if let others = earlier.serviceCount { serviceCount? += others } else { serviceCount = nil }
    }
}

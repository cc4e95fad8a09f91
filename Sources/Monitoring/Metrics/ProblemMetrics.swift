import CoreMetrics
import KubernetesObjects
import NetworkTypes
import PrometheusText
import Proxy
import ServiceModel
import Synchronization
import XTables

/// How many problems there are of those that `/problems` lists one by one.
final class ProblemMetrics: Sendable {
    private let invalidObjects: GaugeFamily
    private let conflicts: GaugeFamily
    private let foreignRules: GaugeFamily
    private let foreignRuleChains = Mutex<[IPFamily: Set<Chain>]>([:])

    private struct Chain: Hashable {
        let table: String
        let chain: String
    }

    /// The label of files of which it is not known what they hold.
    private static let fileKind = "File"

    init(_ registry: MetricRegistry) {
        invalidObjects = registry.gauges(
            "kubetables_invalid_objects",
            help: "Objects that cannot be used, and files that cannot be read; their last good state stays in force.",
            labels: "kind")
        conflicts = registry.gauges(
            "kubetables_conflicts", help: "Addresses, node ports and health check node ports that two Services claim.")
        foreignRules = registry.gauges(
            "kubetables_foreign_rules_ahead",
            help: "Foreign rules that can take packets to Services before the jumps of kubetables.",
            labels: "table", "chain", "ip_family")
        setInvalidObjects([])
        conflicts[].set(0)
    }

    private struct InvalidObject: Hashable {
        let kind: String
        let file: String
        let name: ObjectName?
    }

    func setInvalidObjects(_ errors: [Diagnostic]) {
        let objects = Set(
            errors.map { InvalidObject(kind: $0.kind ?? Self.fileKind, file: $0.file, name: $0.name) })
        let counts = Dictionary(grouping: objects) { object in
            KubernetesObject.Kind(rawValue: object.kind)?.rawValue ?? Self.fileKind
        }
        for kind in KubernetesObject.Kind.allCases.map(\.rawValue) + [Self.fileKind] {
            invalidObjects[kind].set(counts[kind]?.count ?? 0)
        }
    }

    func setConflicts(_ all: [ServiceConflict]) { conflicts[].set(Set(all.map(\.claim)).count) }

    func setForeignRules(_ rules: [ForeignRuleAhead], _ family: IPFamily) {
        let byChain = Dictionary(grouping: rules) { Chain(table: $0.table.rawValue, chain: $0.chain) }
        let known = foreignRuleChains.withLock { chains in
            chains[family, default: []].formUnion(byChain.keys)
            return chains[family] ?? []
        }
        for chain in known {
            foreignRules[chain.table, chain.chain, family.kubernetesName].set(byChain[chain]?.count ?? 0)
        }
    }
}

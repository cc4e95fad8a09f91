// SPDX-License-Identifier: Apache-2.0

import Glibc
import KernelTables
import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel
import SyntheticCluster
import XTables

/// What is done once in a process of its own, so that each measurement begins with cold memory.
///
/// Prints the times as lines `NAME SECONDS`, how many rules were changed, and a line for each feature of the rules that this
/// kernel does not have.
struct Worker {
    private let cluster: SyntheticCluster
    private let lock: String

    init(_ services: String, lock: String = "") throws(BenchError) {
        let words = services.split(separator: ":")
        let size = words.first?.split(separator: "x").map { Int($0) ?? -1 } ?? []
        guard (1...2).contains(size.count), size.allSatisfy({ $0 >= 0 }) else {
            throw BenchError("\(services) is no number of Services", exitCode: 64)
        }
        var interval: Int? = SyntheticCluster.usualAffinityInterval
        var layout = RuleLayoutKind.kubeProxy
        for word in words.dropFirst() {
            switch word {
            case "no-affinity": interval = nil
            case "much-affinity": interval = Self.muchAffinityInterval
            default:
                guard let kind = RuleLayoutKind(rawValue: String(word)) else {
                    throw BenchError("\(word) is nothing that a cluster can have", exitCode: 64)
                }
                layout = kind
            }
        }
        cluster = SyntheticCluster(
            services: size[0], endpointsPerService: size.count > 1 ? size[1] : Self.usualEndpoints,
            affinityInterval: interval, layout: layout)
        self.lock = lock
    }

    /// How a line begins that names a feature.
    static let lack = "this kernel lacks "

    private static let usualEndpoints = 10
    /// Every fifth Service.
    private static let muchAffinityInterval = 5

    func printState() throws(BenchError) {
        try Self.write(cluster.json)
    }

    func printRules() throws {
        try compilation().ruleset.writeText(.restore) { try Self.write($0) }
    }

    /// Compiles everything, then measures making the kernel hold it.
    func synchronize() throws {
        try PrivateNamespace.require()
        let compilation = compilation()
        try measure { try syncer.apply(compilation.ruleset) }
    }

    /// Compiles everything, then measures compiling and committing the change of one endpoint.
    func change(back: Bool) throws {
        try PrivateNamespace.require()
        var compilation = compilation()
        let before = cluster.changedServicePort(isChanged: back)
        let after = cluster.changedServicePort(isChanged: !back)
        compilation.update(before)
        try measure {
            compilation.update(after)
            return try syncer.apply(compilation.ruleset)
        }
    }

    func cleanUp() throws {
        try PrivateNamespace.require()
        try measure { try syncer.cleanup(.ipv4) }
    }

    private var syncer: Syncer { Syncer(lock: XTablesLock(path: lock), ownership: RuleLayoutKind.ownership) }

    private func compilation() -> Compilation {
        Compilation(cluster.objects.snapshot(family: .ipv4), settings: cluster.settings)
    }

    private func measure(_ work: () throws -> SyncReport) rethrows {
        let clock = ContinuousClock()
        let start = clock.now
        let report = try work()
        let total = clock.now - start
        let phases = report.phases
        let times = [
            ("total", total), ("encode", phases.encode), ("read", phases.read), ("difference", phases.difference),
            ("edit", phases.edit), ("commit", phases.commit), ("other", total - phases.total),
        ]
        for (name, time) in times { print(name, time / .seconds(1)) }
        for unsupported in report.unsupported { print("\(Self.lack)\(unsupported.feature)") }
        print("changes", report.tables.reduce(0) { $0 + $1.rulesAdded + $1.rulesRemoved + $1.rulesMoved })
    }

    private static func write(_ bytes: [UInt8]) throws(BenchError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { throw BenchError("cannot write") }
            rest = rest.dropFirst(count)
        }
    }
}

extension Compilation {
    /// Takes over the only service port of a Service, as the product does.
    fileprivate mutating func update(_ entry: ServicePortEndpoints) {
        _ = updateService(entry.servicePort.name.serviceName, to: [entry])
    }
}

// SPDX-License-Identifier: Apache-2.0

import Benchmark
import KubernetesObjects
import NetworkTypes
import RuleCompiler
import RuleEvaluation
import ServiceModel
import SyntheticCluster
import XTables

/// From objects to text in memory, on one core, each step alone and those with goals together; and what rules do with packets.
///
/// Freeing what was made is not measured: a command never does it, and the long-running loop keeps it.
///
/// The goals themselves are in SyncBench (CompilerFigures.swift); the thresholds beside this package only tell when a
/// step has become much slower than it was.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock],
        timeUnits: .nanoseconds,
        warmupIterations: 1,
        maxDuration: .seconds(2),
        maxIterations: 15,
        // Twice the time that was measured on a quiet machine: other machines, and noisy ones, are no regression.
        thresholds: [.wallClock: BenchmarkThresholds(relative: [.p90: 100])])

    var manyIterations = Benchmark.defaultConfiguration
    manyIterations.maxIterations = 1_000

    for cluster in [SyntheticCluster(services: 1_000), SyntheticCluster(services: 10_000)] {
        let size = "\(cluster.serviceCount)x\(cluster.endpointsPerService)"

        Benchmark("Snapshot.\(size)") { benchmark, objects in
            measure(benchmark) { objects.snapshot(family: .ipv4) }
        } setup: {
            cluster.objects
        }

        Benchmark("Compile.\(size)") { benchmark, snapshot in
            measure(benchmark) { Compilation(snapshot, settings: cluster.settings) }
        } setup: {
            cluster.objects.snapshot(family: .ipv4)
        }

        Benchmark("Ruleset.\(size)") { benchmark, compilation in
            measure(benchmark) { compilation.ruleset }
        } setup: {
            cluster.compilation
        }

        Benchmark("ObjectsToRules.\(size)") { benchmark, objects in
            measure(benchmark) {
                let compilation = Compilation(objects.snapshot(family: .ipv4), settings: cluster.settings)
                return (compilation, compilation.ruleset)
            }
        } setup: {
            cluster.objects
        }

        Benchmark("RulesToText.\(size)") { benchmark, ruleset in
            measure(benchmark) {
                var byteCount = 0
                ruleset.writeText(.save) { byteCount += $0.count }
                return byteCount
            }
        } setup: {
            cluster.compilation.ruleset
        }

        Benchmark("JSONToObjects.\(size)") { benchmark, json in
            measure(benchmark) {
                var reader = ManifestReader()
                reader.read(json, file: "cluster.json")
                reader.finish()
                precondition(reader.objects.services.count == cluster.serviceCount)
                return reader
            }
        } setup: {
            cluster.json
        }

        Benchmark("OneEndpointChanged.\(size)", configuration: manyIterations) { benchmark, state in
            let entry = state.nextEntry()
            let name = entry.servicePort.name.serviceName
            measure(benchmark) {
                state.compilation.updateService(name, to: [entry])
            }
        } setup: {
            ChangingState(cluster)
        }

        Benchmark("Evaluate.\(size)") { benchmark, evaluation in
            benchmark.startMeasurement()
            for packet in evaluation.packets {
                blackHole(try evaluation.rules.evaluate(packet, on: SyntheticCluster.network))
            }
            benchmark.stopMeasurement()
        } setup: {
            EvaluatedCluster(cluster)
        }
    }

    // The comparison is slowest where filter differs in a way that no packet shows: then all forms of Services are tried.
    let compared = SyntheticCluster(services: 1_000, endpointsPerService: 5)
    for (name, isAltered) in [("CompareEqual", false), ("CompareFilter", true)] {
        Benchmark("\(name).1000x5") { benchmark, rulesets in
            benchmark.startMeasurement()
            let result = try RulesetComparison(rulesets.left, rulesets.right, on: SyntheticCluster.network).run()
            benchmark.stopMeasurement()
            precondition(result.difference == nil && result.classCount > (isAltered ? 500 : 50))
        } setup: {
            ComparedRulesets(compared, isAltered: isAltered)
        }
    }
}

/// Measures making something, but not freeing it.
private func measure<Result>(_ benchmark: Benchmark, _ work: () -> Result) {
    benchmark.startMeasurement()
    let result = work()
    benchmark.stopMeasurement()
    blackHole(result)
}

extension SyntheticCluster {
    /// Everything compiled.
    fileprivate var compilation: Compilation {
        Compilation(objects.snapshot(family: .ipv4), settings: settings)
    }
}

/// A compilation that is kept, and a service port in it that changes to and fro.
private final class ChangingState {
    var compilation: Compilation
    private let entries: [ServicePortEndpoints]
    private var changeCount = 0

    init(_ cluster: SyntheticCluster) {
        compilation = cluster.compilation
        entries = [cluster.changedServicePort(), cluster.changedServicePort(isChanged: false)]
    }

    func nextEntry() -> ServicePortEndpoints {
        defer { changeCount += 1 }
        return entries[changeCount % entries.count]
    }
}

extension SyntheticCluster {
    /// The node whose rules are evaluated.
    fileprivate static let network = NodeNetwork(
        localAddresses: [IPAddress(ipv4: 192 << 24 | 168 << 16 | 50 << 8 | 10)],
        routes: [.init(CIDR(IPAddress.any(.ipv4), prefixLength: 0), interface: "eth0")])
}

/// The rules of a cluster, and a thousand packets to its Services.
private struct EvaluatedCluster {
    let rules: RuleEvaluator
    let packets: [Packet]

    static let packetCount = 1_000

    init(_ cluster: SyntheticCluster) {
        let compilation = cluster.compilation
        rules = RuleEvaluator(compilation.ruleset)
        let servicePorts = compilation.servicePorts.map(\.servicePort)
        packets = (0..<Self.packetCount).map { number in
            let servicePort = servicePorts[number * 7 % servicePorts.count]
            return Packet(
                from: IPAddress(ipv4: 192 << 24 | 168 << 16 | 50 << 8 | 20), port: 40_000,
                to: AddressPort(servicePort.clusterIP, servicePort.port), .tcp, origin: .network(interface: "eth0"))
        }
    }
}

/// Two rulesets that do the same with every packet.
private struct ComparedRulesets {
    let left: RuleEvaluator
    let right: RuleEvaluator

    /// - Parameter isAltered: whether the second one has a rule in filter that no packet meets.
    init(_ cluster: SyntheticCluster, isAltered: Bool) {
        let ruleset = cluster.compilation.ruleset
        left = RuleEvaluator(ruleset)
        var other = ruleset
        if isAltered, let filter = other.tables.firstIndex(where: { $0.table == .filter }) {
            // No packet that is forwarded came in by the loopback interface.
            other.tables[filter].jumps[.forward, default: []].insert(
                Rule(inputInterface: InterfaceMatch("lo"), target: .drop), at: 0)
        }
        right = RuleEvaluator(other)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Benchmark
import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel
import SyntheticCluster
import XTables

/// From objects to text in memory, on one core: each step alone and those with goals together.
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

// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let core = Target.Dependency.product(name: "KubetablesCore", package: "kubetables")

let package = Package(
    name: "kubetables-benchmarks",
    dependencies: [
        .package(name: "kubetables", path: ".."),
        // Without traits: the package's malloc counter is another package, and only times are measured here.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        // The state that everything is measured with.
        .target(name: "SyntheticCluster", dependencies: [core], swiftSettings: settings),

        // Objects to rules to text, in memory.
        .executableTarget(
            name: "CompilerBenchmarks",
            dependencies: ["SyntheticCluster", core, .product(name: "Benchmark", package: "benchmark")],
            path: "Benchmarks/CompilerBenchmarks",
            swiftSettings: settings,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),

        // Rules to the kernel, side by side with other programs.
        .executableTarget(
            name: "SyncBench",
            dependencies: [
                "SyntheticCluster", "LibiptcFloor", core, .product(name: "kubetables", package: "kubetables"),
            ],
            swiftSettings: settings),
        // The least that any program using libiptc must do.
        .executableTarget(name: "LibiptcFloor", linkerSettings: [.linkedLibrary("ip4tc")]),
    ],
    swiftLanguageModes: [.v6]
)

// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

// CI sets this so that a warning in our own code fails the build; dependencies are not held to it.
let warningsAsErrors = Context.environment["KUBETABLES_WARNINGS_AS_ERRORS"] == "1"

// `make torture` sets this to build torture-inputs so that its code counts the edges that an input goes over.
let countsCoverage = Context.environment["KUBETABLES_COVERAGE"] == "1"

let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (warningsAsErrors ? [.unsafeFlags(["-warnings-as-errors"])] : [])
    + (countsCoverage ? [.unsafeFlags(["-sanitize=fuzzer"])] : [])

let package = Package(
    name: "kubetables",
    products: [
        .executable(name: "kubetables", targets: ["kubetables"]),
        .library(
            name: "KubetablesCore",
            targets: [
                "NetworkTypes", "ServiceModel", "Documents", "KubernetesObjects", "XTables", "RuleEvaluation",
                "RuleCompiler", "KernelTables",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        .systemLibrary(name: "Clibiptc", pkgConfig: "libiptc", providers: [.apt(["libiptc-dev"])]),

        // The pure modules: no root, no kernel, no clock.
        .target(name: "Messages", swiftSettings: settings),
        .target(name: "NetworkTypes", swiftSettings: settings),
        .target(name: "ServiceModel", dependencies: ["NetworkTypes"], swiftSettings: settings),
        .target(name: "XTables", dependencies: ["Messages", "NetworkTypes"], swiftSettings: settings),
        .target(name: "RuleEvaluation", dependencies: ["NetworkTypes", "XTables"], swiftSettings: settings),
        .target(
            name: "RuleCompiler",
            dependencies: [
                "NetworkTypes", "ServiceModel", "XTables", .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: settings),
        .target(
            name: "ForeignRules", dependencies: ["NetworkTypes", "RuleCompiler", "ServiceModel", "XTables"],
            swiftSettings: settings),
        .systemLibrary(name: "Cbytesearch"),
        .systemLibrary(name: "Clibyaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "Documents", dependencies: ["Cbytesearch", "Clibyaml", "Messages"], swiftSettings: settings),

        .target(
            name: "KubernetesObjects", dependencies: ["Documents", "Messages", "NetworkTypes", "ServiceModel"],
            swiftSettings: settings),

        // What people see.
        .target(
            name: "Inspection",
            dependencies: [
                "Documents", "KubernetesObjects", "Messages", "NetworkTypes", "RuleCompiler", "RuleEvaluation",
                "ServiceModel", "XTables",
            ],
            swiftSettings: settings),

        .target(
            name: "ProxyConfiguration",
            dependencies: [
                "Documents", "KubernetesObjects", "Messages", "NetworkTypes", "RuleCompiler", "ServiceModel",
                "XTables",
            ],
            swiftSettings: settings),

        // The cluster.
        .target(
            name: "KubernetesAPI",
            dependencies: [
                "Documents", "KubernetesObjects", "Messages", "NetworkTypes",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),

        // The machine and its kernel.
        .target(
            name: "Host", dependencies: ["NetworkTypes", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: settings),
        .target(
            name: "KernelTables",
            dependencies: [
                "Clibiptc", "Host", "NetworkTypes", "XTables",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),

        .systemLibrary(
            name: "Cnetfilter_conntrack", pkgConfig: "libnetfilter_conntrack",
            providers: [.apt(["libnetfilter-conntrack-dev"])]),
        .target(
            name: "ConnectionTracking",
            dependencies: [
                "Cnetfilter_conntrack", "Host", "NetworkTypes", "ServiceModel",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .target(
            name: "NodeTuning", dependencies: ["Host", .product(name: "SystemPackage", package: "swift-system")],
            swiftSettings: settings),

        // The loop.
        .systemLibrary(name: "Cmalloc"),
        .target(
            name: "Proxy",
            dependencies: [
                "Cmalloc", "ConnectionTracking", "Documents", "ForeignRules", "Host", "KernelTables", "KubernetesAPI",
                "KubernetesObjects", "Messages",
                "NetworkTypes", "NodeTuning", "ProxyConfiguration", "RuleCompiler", "ServiceModel", "XTables",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),

        // What is served over HTTP.
        .target(
            name: "HTTPServing",
            dependencies: [
                "NetworkTypes",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .target(
            name: "PrometheusText", dependencies: [.product(name: "CoreMetrics", package: "swift-metrics")],
            swiftSettings: settings),
        .target(
            name: "Monitoring",
            dependencies: [
                "ConnectionTracking", "Documents", "ForeignRules", "HTTPServing", "Host", "Inspection", "KernelTables",
                "KubernetesAPI", "KubernetesObjects", "Messages", "NetworkTypes", "PrometheusText", "Proxy",
                "ProxyConfiguration", "RuleCompiler", "RuleEvaluation", "ServiceModel", "XTables",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
            ],
            // In the program itself: a node has no other file of it.
            resources: [.embedInCode("Page/Assets")], swiftSettings: settings),

        // The command line.
        .executableTarget(
            name: "kubetables",
            dependencies: [
                "ConnectionTracking", "Documents", "ForeignRules", "HTTPServing", "Host", "Inspection", "KernelTables",
                "KubernetesAPI", "KubernetesObjects", "Messages", "Monitoring", "NetworkTypes", "NodeTuning", "Proxy",
                "ProxyConfiguration", "RuleCompiler", "ServiceModel", "XTables",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),

        // The suite that every store of tables must pass, and the program that runs it inside a network namespace.
        .target(
            name: "KernelTablesSuite", dependencies: ["KernelTables", "NetworkTypes", "RuleCompiler", "XTables"],
            path: "Tests/KernelTablesSuite", swiftSettings: settings),
        .executableTarget(
            name: "kernel-tables-probe",
            dependencies: ["KernelTables", "KernelTablesSuite", "NetworkTypes", "XTables"],
            path: "Tests/KernelTablesProbe", swiftSettings: settings),
        .testTarget(
            name: "KernelTablesTests",
            dependencies: [
                "Host", "KernelTables", "KernelTablesSuite", "NetworkTypes", "RuleCompiler", "ServiceModel",
                "TestSupport",
                "XTables", "kernel-tables-probe",
            ],
            swiftSettings: settings),
        .target(
            name: "TestSupport", dependencies: [.product(name: "Logging", package: "swift-log")],
            path: "Tests/TestSupport", swiftSettings: settings),
        .target(
            name: "TestAPIServer",
            dependencies: [
                "Documents", "KubernetesObjects",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Tests/TestAPIServer", swiftSettings: settings),
        .executableTarget(
            name: "test-api-server",
            dependencies: ["TestAPIServer", .product(name: "NIOSSL", package: "swift-nio-ssl")],
            path: "Tests/TestAPIServerProgram", swiftSettings: settings),
        .testTarget(
            name: "KubernetesAPITests",
            dependencies: [
                "Documents", "KubernetesAPI", "KubernetesObjects", "ServiceModel", "TestAPIServer", "TestSupport",
                "kubetables", "test-api-server",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings),
        .testTarget(name: "ArchitectureTests", dependencies: ["TestSupport"], swiftSettings: settings),
        .testTarget(name: "MessagesTests", dependencies: ["Messages"], swiftSettings: settings),
        .testTarget(name: "NetworkTypesTests", dependencies: ["NetworkTypes"], swiftSettings: settings),
        .testTarget(
            name: "ServiceModelTests", dependencies: ["NetworkTypes", "ServiceModel"], swiftSettings: settings),
        .testTarget(name: "DocumentsTests", dependencies: ["Documents"], swiftSettings: settings),
        .testTarget(
            name: "KubernetesObjectsTests",
            dependencies: ["Documents", "KubernetesObjects", "NetworkTypes", "ServiceModel", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "ProxyConfigurationTests",
            dependencies: [
                "Documents", "KubernetesObjects", "Messages", "NetworkTypes", "ProxyConfiguration", "RuleCompiler",
                "ServiceModel", "TestSupport",
            ],
            swiftSettings: settings),
        .testTarget(name: "XTablesTests", dependencies: ["NetworkTypes", "XTables"], swiftSettings: settings),
        .testTarget(
            name: "RuleEvaluationTests",
            dependencies: ["NetworkTypes", "RuleCompiler", "RuleEvaluation", "ServiceModel", "TestSupport", "XTables"],
            swiftSettings: settings),
        // Clusters of all kinds, and what the layouts make of them; `make prove` compares a thousand.
        .target(
            name: "RandomClusters",
            dependencies: ["NetworkTypes", "RuleCompiler", "RuleEvaluation", "ServiceModel", "TestSupport", "XTables"],
            path: "Tests/RandomClusters", swiftSettings: settings),
        .executableTarget(
            name: "layout-proof",
            dependencies: ["NetworkTypes", "RandomClusters", "RuleCompiler", "RuleEvaluation", "TestSupport"],
            path: "Tests/LayoutProof", swiftSettings: settings),
        .testTarget(
            name: "RuleCompilerTests",
            dependencies: [
                "NetworkTypes", "RandomClusters", "RuleCompiler", "RuleEvaluation", "ServiceModel", "TestSupport",
                "XTables",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "InspectionTests",
            dependencies: [
                "Documents", "Inspection", "KubernetesObjects", "NetworkTypes", "RuleCompiler", "RuleEvaluation",
                "ServiceModel", "TestSupport", "XTables",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ForeignRulesTests",
            dependencies: [
                "ForeignRules", "KernelTables", "NetworkTypes", "RuleCompiler", "ServiceModel", "TestSupport",
                "XTables",
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "connection-tracking-probe",
            dependencies: [
                "Cnetfilter_conntrack", "ConnectionTracking", "KubernetesObjects", "NetworkTypes", "NodeTuning",
                "ServiceModel", .product(name: "SystemPackage", package: "swift-system"),
            ],
            path: "Tests/ConnectionTrackingProbe", swiftSettings: settings),
        .executableTarget(name: "connection-load", path: "Tests/ConnectionLoad", swiftSettings: settings),
        .executableTarget(
            name: "packet-probe", dependencies: ["NetworkTypes"], path: "Tests/PacketProbe", swiftSettings: settings),
        .testTarget(
            name: "ConnectionTrackingTests",
            dependencies: [
                "ConnectionTracking", "NetworkTypes", "ServiceModel", "TestSupport", "connection-tracking-probe",
                "kubetables", .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "HostTests",
            dependencies: [
                "Host", "NetworkTypes", "TestSupport", .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "NodeTuningTests",
            dependencies: [
                "NodeTuning", "TestSupport", "connection-tracking-probe",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ProxyTests",
            dependencies: [
                "ConnectionTracking", "ForeignRules", "Host", "KernelTables", "KernelTablesSuite", "KubernetesObjects",
                "NetworkTypes",
                "NodeTuning", "Proxy", "ProxyConfiguration", "RuleCompiler", "ServiceModel", "TestSupport", "XTables",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "HTTPServingTests",
            dependencies: [
                "HTTPServing", "NetworkTypes", "TestSupport", .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "PrometheusTextTests",
            dependencies: ["PrometheusText", .product(name: "CoreMetrics", package: "swift-metrics")],
            swiftSettings: settings),
        .testTarget(
            name: "MonitoringTests",
            dependencies: [
                "ConnectionTracking", "ForeignRules", "HTTPServing", "Inspection", "KernelTables",
                "KernelTablesSuite", "KubernetesAPI", "KubernetesObjects", "Monitoring", "NetworkTypes",
                "PrometheusText", "Proxy", "RuleCompiler", "ServiceModel", "TestSupport", "XTables",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            swiftSettings: settings),
        .target(name: "SoakSupport", dependencies: ["TestSupport"], path: "Tests/SoakSupport", swiftSettings: settings),
        .testTarget(
            name: "SoakTests",
            dependencies: ["SoakSupport", "TestSupport", "connection-load", "kubetables", "test-api-server"],
            swiftSettings: settings),

        // What is done to the program for ten minutes (`make torture`), and for seconds among the tests.
        .target(name: "CoverageCounters", path: "Tests/CoverageCounters"),
        .executableTarget(
            name: "torture-inputs",
            dependencies: [
                "CoverageCounters", "KernelTables", "KernelTablesSuite", "KubernetesAPI", "KubernetesObjects",
                "Messages", "NetworkTypes", "ProxyConfiguration", "RuleCompiler", "ServiceModel", "TestSupport",
                "XTables",
            ],
            path: "Tests/TortureInputs", swiftSettings: settings),
        .executableTarget(
            name: "torture",
            dependencies: [
                "KernelTables", "KernelTablesSuite", "NetworkTypes", "SoakSupport", "TestSupport", "XTables",
            ],
            path: "Tests/Torture", swiftSettings: settings),
        .testTarget(
            name: "TortureTests",
            dependencies: ["TestSupport", "kubetables", "test-api-server", "torture", "torture-inputs"],
            swiftSettings: settings),
        .testTarget(
            name: "DocumentationTests", dependencies: ["TestSupport", "kubetables", "test-api-server"],
            swiftSettings: settings),
        .testTarget(
            name: "DeployTests",
            dependencies: [
                "Documents", "KernelTables", "KernelTablesSuite", "Monitoring", "PrometheusText", "Proxy",
                "TestSupport", "kubetables",
                "test-api-server",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "CommandLineTests",
            dependencies: [
                "KubernetesObjects", "NetworkTypes", "ProxyConfiguration", "RuleCompiler", "RuleEvaluation",
                "ServiceModel", "TestSupport", "XTables", "connection-load", "kubetables", "packet-probe",
                "test-api-server",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)

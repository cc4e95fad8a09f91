// SPDX-License-Identifier: Apache-2.0

/// What each module may import: the direction of all dependencies, in one place.
///
/// A module may import what its row names and whatever those may import in their turn. Modules that do not exist yet may
/// have a row.
enum ModuleTable {
    struct Row {
        let name: String
        /// The modules of this package right below it.
        let modules: [String]
        /// Libraries that are not of this package, those of the system included.
        let libraries: Set<String>

        init(_ name: String, _ modules: [String] = [], libraries: Set<String> = []) {
            self.name = name
            self.modules = modules
            self.libraries = libraries
        }
    }

    private static let system: Set<String> = ["Glibc", "Synchronization", "SystemPackage"]

    static let rows = [
        Row("Messages"),
        Row("NetworkTypes"),
        Row("ServiceModel", ["NetworkTypes"]),
        Row("XTables", ["Messages", "NetworkTypes"]),
        Row("RuleEvaluation", ["XTables"]),
        Row("RuleCompiler", ["ServiceModel", "XTables"], libraries: ["Crypto"]),
        Row("ForeignRules", ["RuleCompiler"]),
        Row("Documents", ["Cbytesearch", "Clibyaml", "Messages"]),
        Row("KubernetesObjects", ["Documents", "ServiceModel"], libraries: ["Foundation", "Glibc"]),
        Row("Inspection", ["KubernetesObjects", "RuleCompiler", "RuleEvaluation"]),
        Row("ProxyConfiguration", ["KubernetesObjects", "RuleCompiler"], libraries: ["Glibc"]),
        Row(
            "KubernetesAPI", ["KubernetesObjects"],
            libraries: system.union([
                "AsyncHTTPClient", "Foundation", "Logging", "NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL", "Subprocess",
            ])),
        Row("Host", ["NetworkTypes"], libraries: system.union(["Foundation", "Subprocess"])),
        Row("KernelTables", ["Clibiptc", "Host", "XTables"], libraries: system),
        Row("ConnectionTracking", ["Cnetfilter_conntrack", "Host", "ServiceModel"], libraries: system),
        Row("NodeTuning", ["Host", "ServiceModel"], libraries: system),
        Row(
            "Proxy",
            [
                "Cmalloc", "ConnectionTracking", "ForeignRules", "KernelTables", "KubernetesAPI", "NodeTuning",
                "ProxyConfiguration",
                "RuleEvaluation",
            ], libraries: system.union(["Dispatch", "Logging"])),
        Row("PrometheusText", libraries: ["CoreMetrics", "Synchronization"]),
        Row(
            "HTTPServing", ["NetworkTypes"],
            libraries: system.union(["HTTPTypes", "HummingbirdCore", "Logging", "NIOCore", "NIOHTTP1", "NIOPosix"])),
        Row(
            "Monitoring", ["HTTPServing", "Inspection", "PrometheusText", "Proxy"],
            libraries: system.union([
                "CoreMetrics", "Foundation", "HTTPTypes", "HummingbirdCore", "Logging", "NIOCore", "NIOPosix",
            ])),
        Row(
            "kubetables", ["Monitoring"],
            libraries: system.union([
                "ArgumentParser", "AsyncHTTPClient", "Foundation", "Logging", "NIOCore", "NIOHTTP1", "NIOPosix",
                "ServiceLifecycle",
            ])),
    ]

    /// The modules that need no root, no kernel, no file and no clock.
    static let pureModules = [
        "Messages", "NetworkTypes", "ServiceModel", "XTables", "RuleEvaluation", "RuleCompiler", "ForeignRules",
        "Documents", "Inspection",
    ]

    /// What `module` may import; `nil` if it has no row.
    static func allowedImports(of module: String) -> Set<String>? {
        guard let row = rows.first(where: { $0.name == module }) else { return nil }
        return row.modules.reduce(into: row.libraries) { allowed, name in
            allowed.insert(name)
            allowed.formUnion(allowedModules(below: name))
        }
    }

    /// The modules of this package that `module` may import through others; never a C library behind another module.
    private static func allowedModules(below module: String) -> Set<String> {
        let row = rows.first { $0.name == module }
        return (row?.modules ?? []).reduce(into: []) { allowed, name in
            if !isCLibrary(name) { allowed.insert(name) }
            allowed.formUnion(allowedModules(below: name))
        }
    }

    /// Whether a module is a module map for a library in C, without code of its own.
    static func isCLibrary(_ module: String) -> Bool { !rows.contains { $0.name == module } }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Host
import Inspection
import KubernetesAPI
import KubernetesObjects
import Logging
import Proxy
import ProxyConfiguration
import RuleCompiler

/// What reports are made of if no program is asked: manifests, or the objects of a cluster at one time.
struct OfflineState {
    let state: InspectedState
    /// Whether something of the input cannot be used.
    let hasErrors: Bool

    /// How long to wait for the lists of a cluster.
    private static let listLimit = Duration.seconds(30)

    init(_ source: InspectedSourceOptions, _ node: NodeOptions) async throws {
        let (options, nodeName) = try Self.options(source, node)
        let (objects, invalid, name) =
            source.readsCluster
            ? try await Self.readCluster(source, options, nodeName) : try Self.readManifests(source.paths)
        let input: CompilerInput
        do throws(OptionError) {
            input = try CompilerInput(objects, options, nodeName: nodeName, interfaceAddresses: nil)
        } catch {
            throw Console.failure("\(error)", .wrongUsage)
        }
        let families = input.families(nil)
        for family in families { input.reportAssumedNode(family) }
        var state = InspectedState(
            version: kubetablesVersion, source: name, node: input.settings.node, objects: objects,
            compilations: families.map(input.compile))
        state.invalidObjects = invalid
        state.conflicts = objects.conflicts
        self.state = state
        hasErrors = !invalid.isEmpty
    }

    private static func options(
        _ source: InspectedSourceOptions, _ node: NodeOptions
    ) throws -> (options: ProxyOptions, nodeName: String) {
        do throws(ResolvedOptions.Failure) {
            let flags = node.flagValues + (source.kubeconfig.map { [$0] } ?? [])
            let resolved = try ResolvedOptions(flags, config: node.config)
            Console.report(resolved.diagnostics)
            return (resolved.options, resolved.options.hostname ?? LinuxHost().hostname)
        } catch {
            throw error.report()
        }
    }

    /// Reads manifests; what is wrong with single objects is a part of the report.
    private static func readManifests(
        _ paths: [String]
    ) throws -> (ClusterObjects, invalid: [Diagnostic], name: String) {
        let reader = ManifestReader(paths: paths)
        Console.report(reader.log.diagnostics)
        guard !reader.objects.isEmpty || !reader.log.hasErrors else { throw ExitCode.badInput }
        let errors = reader.log.diagnostics.filter { $0.severity == .error }
        return (reader.objects, errors, "manifests=\(paths.joined(separator: ","))")
    }

    private static func readCluster(
        _ source: InspectedSourceOptions, _ options: ProxyOptions, _ nodeName: String
    ) async throws -> (ClusterObjects, invalid: [Diagnostic], name: String) {
        var log = DiagnosticLog()
        let connection = ClusterConnection.find(
            kubeconfig: options.kubeconfig, master: source.master, account: ServiceAccount(), log: &log)
        Console.report(log.diagnostics)
        guard let connection else { throw ExitCode.badInput }
        let cluster = ClusterSource(connection, nodeName: nodeName, version: kubetablesVersion)
        let logger = Logger(label: "kubetables") { _ in ConsoleLogHandler() }
        guard let listing = await ClusterListing(cluster, logger: logger, limit: listLimit) else {
            throw Console.failure(
                "\(connection.server) did not list all Services, EndpointSlices and the node within \(listLimit)",
                .noAnswer)
        }
        Console.report(listing.invalidObjects)
        return (listing.objects, listing.invalidObjects, "cluster=\(connection.server)")
    }
}

/// Warnings and errors of a library as messages of a command.
private struct ConsoleLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { Console.warn(["\(event.message)"]) }
}

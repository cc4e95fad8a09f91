// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Host
import Inspection
import KubernetesObjects
import ProxyConfiguration
import RuleCompiler

/// What reports are made of if no program is asked: manifests, or the objects of a cluster at one time.
struct OfflineState {
    let state: InspectedState
    /// Whether something of the input cannot be used.
    let hasErrors: Bool

    init(_ source: InspectedSourceOptions, _ node: NodeOptions) async throws {
        let (options, nodeName) = try Self.options(source, node)
        let (objects, findings, name) =
            source.readsCluster
            ? try await ClusterReading.read(source, options, nodeName) : try Self.readManifests(source.paths)
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
        state.invalidObjects = findings.filter { $0.severity == .error }
        state.objectWarnings = findings.filter { $0.severity == .warning }
        state.conflicts = objects.conflicts
        self.state = state
        hasErrors = !state.invalidObjects.isEmpty
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
    ) throws -> (ClusterObjects, findings: [Diagnostic], name: String) {
        let reader = ManifestReader(paths: paths)
        Console.report(reader.log.diagnostics)
        guard !reader.objects.isEmpty || !reader.log.hasErrors else { throw ExitCode.badInput }
        return (reader.objects, reader.log.diagnostics, "manifests=\(paths.joined(separator: ","))")
    }
}

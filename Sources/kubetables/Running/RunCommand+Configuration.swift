// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import KubernetesObjects
import Logging
import NetworkTypes
import Proxy
import ProxyConfiguration
import ServiceModel

/// The options of `run`, at the start and when the configuration is reloaded.
extension RunCommand {
    private var flagValues: [FlagValue] {
        let groups: [any ParsableArguments] = [
            source, node, jumps, loopOptions, failureOptions, connectionTracking, compatibility,
        ]
        return groups.flatMap { $0.flagValues }
    }

    func resolveOptions() throws(ResolvedOptions.Failure) -> ResolvedOptions {
        let resolved = try ResolvedOptions(flagValues, config: node.config)
        do throws(OptionError) {
            try resolved.options.validatePeriods()
            try resolved.options.validateEjectionTimes()
            // NodeCIDR depends on the Node object, which arrives later; all other errors are found now.
            if resolved.options.detectLocalMode != .nodeCIDR {
                _ = try resolved.options.settings(node: Node(name: ""), interfaceAddresses: [])
            }
            return resolved
        } catch {
            throw ResolvedOptions.Failure(error, .wrongUsage)
        }
    }

    /// Reads the options again; those that a running program cannot change stay as they are.
    ///
    /// - Returns: `nil` if the options cannot be used.
    func reloadOptions(_ logger: Logger, current: ProxyOptions) -> ProxyOptions? {
        do throws(ResolvedOptions.Failure) {
            let resolved = try resolveOptions()
            logger.report(resolved.diagnostics)
            for warning in resolved.options.warnings where !current.warnings.contains(warning) {
                logger.warning("\(warning)")
            }
            logger.info("configuration reloaded")
            let (options, needRestart) = resolved.options.keepingFixedOptions(of: current)
            if !needRestart.isEmpty {
                logger.warning("changes that need a restart: \(needRestart.joined(separator: ", "))")
            }
            return options
        } catch {
            logger.report(error.diagnostics)
            logger.error("invalid configuration; the previous one stays in force")
            return nil
        }
    }

    /// Calls `reload` for each SIGHUP and for each change of the configuration file.
    func reloadOnRequest(_ signals: SignalWatch, _ reload: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in signals.reloads { await reload() }
            }
            if let path = node.config {
                group.addTask { await FileChanges(path: path).forEach(reload) }
            }
        }
    }
}

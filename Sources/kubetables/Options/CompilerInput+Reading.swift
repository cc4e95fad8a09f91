// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Host
import KubernetesObjects
import Messages
import NetworkTypes
import ProxyConfiguration
import RuleCompiler
import ServiceModel

extension CompilerInput {
    /// The interfaces of the node that rules are for, if no option names their addresses.
    enum Interfaces {
        /// Loopback and the node's own addresses: the same on every machine.
        case ofNode
        /// Those of this machine.
        case ofThisMachine
    }

    /// Reads manifests and options, and reports everything that is wrong with them.
    ///
    /// - Parameter family: the only family that matters; `nil` for both.
    init(
        _ input: InputOptions, _ nodeOptions: NodeOptions, _ jumpOptions: JumpOptions? = nil, interfaces: Interfaces,
        family: IPFamily? = nil,
        emptiness: InputOptions.Emptiness = .allowed
    ) throws {
        let options = try Self.options(
            nodeOptions.flagValues + (jumpOptions?.flagValues ?? []), config: nodeOptions.config, strict: input.strict)
        try self.init(
            try input.read(emptiness), options, interfaces: interfaces, family: family, strict: input.strict)
    }

    /// Reads the objects of a cluster and options, and reports everything that is wrong with them.
    ///
    /// - Returns: the input, and whether it has all objects; those that cannot be used are left out.
    static func readCluster(
        _ source: InspectedSourceOptions, _ nodeOptions: NodeOptions, _ jumpOptions: JumpOptions, family: IPFamily?,
        strict: Bool
    ) async throws -> (input: CompilerInput, isWhole: Bool) {
        let flags = nodeOptions.flagValues + jumpOptions.flagValues + (source.kubeconfig.map { [$0] } ?? [])
        let options = try options(flags, config: nodeOptions.config, strict: strict)
        let (objects, invalid, _) = try await ClusterReading.read(
            source, options, options.hostname ?? LinuxHost().hostname)
        let input = try CompilerInput(
            objects, options, interfaces: .ofThisMachine, family: family, strict: strict)
        return (input, invalid.isEmpty)
    }

    private init(
        _ objects: ClusterObjects, _ options: ProxyOptions, interfaces: Interfaces, family: IPFamily?, strict: Bool
    ) throws {
        let host = LinuxHost()
        var options = options
        if interfaces == .ofThisMachine {
            options.conntrackTCPBeLiberal = options.conntrackTCPBeLiberal ?? host.conntrackIsLiberal
        }
        do throws(OptionError) {
            try self.init(
                objects, options, nodeName: options.hostname ?? host.hostname,
                interfaceAddresses: interfaces == .ofThisMachine ? host.interfaceAddresses : nil,
                comparesAddresses: interfaces == .ofNode || options.ruleLayout != .flat || host.comparesAddresses,
                hashesClients: interfaces == .ofNode ? Set(IPFamily.allCases) : host.hashesClients)
        } catch {
            throw Console.failure("\(error)", .wrongUsage)
        }
        let warnings = configurationWarnings(family.map { [$0] } ?? IPFamily.allCases)
        guard strict, !warnings.isEmpty else {
            Console.warn(warnings)
            return
        }
        for warning in warnings { Console.error(warning) }
        throw ExitCode.badInput
    }

    private static func options(_ flags: [FlagValue], config: String?, strict: Bool) throws -> ProxyOptions {
        do throws(ResolvedOptions.Failure) {
            let resolved = try ResolvedOptions(flags, config: config, strict: strict)
            Console.report(resolved.diagnostics)
            return resolved.options
        } catch {
            throw error.report()
        }
    }

    /// Reports the node that rules are for if they depend on it and no option names it: then it is this machine, whatever
    /// that is called.
    func reportAssumedNode(_ family: IPFamily) {
        let dependences = nodeDependences(family).map(\.rawValue)
        guard isNodeAssumed, !dependences.isEmpty else { return }
        Console.note(
            "the rules are for the node \(MessageText.quoted(settings.node.name)), this machine's name; they depend on it because of "
                + "\(dependences.joined(separator: ", ")): pass --hostname-override to name another node")
    }

    /// Reports the Services that no rule is made for.
    func reportSkippedServices(_ families: [IPFamily]) {
        let skipped = skippedServices(families)
        for service in skipped.prefix(DiagnosticLog.limit) { Console.note("\(service)") }
        let rest = skipped.count - DiagnosticLog.limit
        if rest > 0 { Console.note("no rules for \(rest) more Services") }
    }
}

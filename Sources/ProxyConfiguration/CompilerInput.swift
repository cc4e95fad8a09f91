// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel

/// Objects and options, ready to be compiled: what `compile`, `plan`, `apply` and `verify` have in common.
package struct CompilerInput: Sendable {
    package let objects: ClusterObjects
    package let settings: CompilerSettings
    /// Whether our jumps are to be ahead of foreign rules.
    package let keepsJumpsFirst: Bool
    /// Whether no option names the node.
    package let isNodeAssumed: Bool
    /// The options that the settings follow from.
    let options: ProxyOptions
    /// Whether pods are recognized by the ranges of the Node object.
    let usesPodRanges: Bool

    /// - Parameters:
    ///   - nodeName: the name of the node that the rules are for.
    ///   - interfaceAddresses: the addresses of the node's interfaces, unless the options have them; if `nil`, loopback and
    ///     the node's own addresses, so that the result is the same on every machine.
    ///   - comparesAddresses: whether the kernel can compare a packet's addresses with each other.
    ///   - hashesClients: the families in which the kernel can choose by a hash of the client's address.
    /// - Throws: ``OptionError`` if options contradict each other, or do not fit the node.
    package init(
        _ objects: ClusterObjects, _ options: ProxyOptions, nodeName: String, interfaceAddresses: [IPAddress]?,
        comparesAddresses: Bool = true,
        hashesClients: Set<IPFamily> = Set(IPFamily.allCases)
    ) throws(OptionError) {
        self.objects = objects
        self.options = options
        keepsJumpsFirst = options.keepsJumpsFirst
        isNodeAssumed = options.hostname == nil
        usesPodRanges = options.detectLocalMode == .nodeCIDR
        let node = options.node(named: nodeName, object: objects.node(named: nodeName))
        settings = try options.settings(
            node: node,
            interfaceAddresses: interfaceAddresses ?? node.addresses + IPFamily.allCases.map(IPAddress.loopback),
            comparesAddresses: comparesAddresses, hashesClients: hashesClients)
    }

    /// The families to compile: `requested`, or those of the Services and of the node's addresses.
    package func families(_ requested: IPFamily?) -> [IPFamily] {
        if let requested { return [requested] }
        let found = IPFamily.allCases.filter { family in
            settings.node.addresses.contains { $0.family == family }
                || objects.services.values.contains { !$0.servicePorts(family).isEmpty }
        }
        return found.isEmpty ? [.ipv4] : found
    }

    /// Options that do less, or other things, than their author may have meant.
    package func configurationWarnings(_ families: [IPFamily]) -> [String] {
        ConfigurationCheck(options, settings, families: families, serviceFamilies: objects.serviceFamilies).warnings
    }

    package func compile(_ family: IPFamily) -> Compilation {
        Compilation(objects.snapshot(family: family), settings: settings)
    }

    /// The Services without a rule in any of `families`, with the reason.
    package func skippedServices(_ families: [IPFamily]) -> [SkippedService] {
        var countByService: [ServiceName: Int] = [:]
        return families.flatMap { objects.skippedServices(family: $0) }.filter { service in
            countByService[service.name, default: 0] += 1
            return countByService[service.name] == families.count
        }
    }
}

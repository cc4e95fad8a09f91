import ArgumentParser
import KubernetesObjects
import NetworkTypes
import ProxyConfiguration
import RuleCompiler
import ServiceModel

/// What `compile`, `apply` and their like have in common: objects and options, read and ready to be compiled.
struct Job {
    let objects: ClusterObjects
    let settings: CompilerSettings

    /// Where the addresses of interfaces come from if no option names them.
    enum Interfaces {
        /// Loopback and the node's own addresses: the same on every machine.
        case node
        /// The interfaces of this machine.
        case host
    }

    /// Reads objects and options, and reports what is wrong with them.
    init(input: InputOptions, node options: NodeOptions, interfaces: Interfaces) throws {
        var proxyOptions = try Self.read(options, strict: input.strict)
        objects = try input.read()

        let name = proxyOptions.hostname ?? HostFacts.hostname
        let node = proxyOptions.node(named: name, object: objects.node(named: name))
        let addresses: [IPAddress]
        switch interfaces {
        case .node:
            addresses = node.addresses + IPFamily.allCases.map(IPAddress.loopback)
        case .host:
            addresses = HostFacts.interfaceAddresses
            proxyOptions.conntrackTCPBeLiberal = proxyOptions.conntrackTCPBeLiberal ?? HostFacts.conntrackIsLiberal
        }
        do {
            settings = try proxyOptions.settings(node: node, interfaceAddresses: addresses)
        } catch {
            throw Console.failure("\(error)", .wrongUsage)
        }
    }

    private static func read(_ options: NodeOptions, strict: Bool) throws -> ProxyOptions {
        do throws(OptionReading.Failure) {
            let reading = try OptionReading(options.settings, config: options.config, strict: strict)
            Console.report(reading.diagnostics)
            return reading.options
        } catch {
            throw error.report()
        }
    }

    /// The families to make rules for: the one asked for, or those that a Service or a node address has.
    func families(only wanted: IPFamily?) -> [IPFamily] {
        if let wanted { return [wanted] }
        let found = IPFamily.allCases.filter { family in
            settings.node.addresses.contains { $0.family == family }
                || objects.services.values.contains { !$0.servicePorts(family).isEmpty }
        }
        return found.isEmpty ? [.ipv4] : found
    }

    /// Compiles the rules of a family.
    func compile(_ family: IPFamily) -> Compilation {
        Compilation(objects.snapshot(family: family), settings: settings)
    }

    /// Says for which Services no rule is made in any of `families`, and why.
    func reportSkippedServices(_ families: [IPFamily]) {
        var countByService: [ObjectName: Int] = [:]
        let skipped = families.flatMap { objects.skippedServices(family: $0) }
        for service in skipped {
            countByService[service.name, default: 0] += 1
            if countByService[service.name] == families.count { Console.say("note: \(service)") }
        }
    }
}

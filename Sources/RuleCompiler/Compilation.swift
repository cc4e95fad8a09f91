import NetworkTypes
import ServiceModel
import XTables

/// The compiled rules of one IP family, kept service port by service port, so that a change costs what it changes.
public struct Compilation: Sendable {
    /// The number of endpoints above which endpoint rules go without comments.
    ///
    /// Endpoints are counted once for every service port they stand behind, usable or not (proxier.go,
    /// largeClusterEndpointsThreshold).
    public static let largeClusterThreshold = 1000

    /// The family.
    public let family: IPFamily
    /// The compiled service ports, in the order of their names.
    public internal(set) var servicePorts: [CompiledServicePort]
    let settings: FamilySettings
    var endpointCount: Int

    /// Compiles everything in `snapshot`.
    public init(_ snapshot: ServiceSnapshot, settings: CompilerSettings) {
        let familySettings = FamilySettings(settings, family: snapshot.family)
        let endpointCount = snapshot.endpointCount
        let isLargeCluster = endpointCount > Self.largeClusterThreshold
        family = snapshot.family
        self.endpointCount = endpointCount
        self.settings = familySettings
        servicePorts = snapshot.servicePorts.map {
            ServicePortCompiler($0, settings: familySettings, isLargeCluster: isLargeCluster).compile()
        }
    }

    /// Whether there are so many endpoints that comments of endpoint rules are left out.
    public var isLargeCluster: Bool { endpointCount > Self.largeClusterThreshold }

    /// Whether other settings lead to the same rules.
    public func isUnaffected(by settings: CompilerSettings) -> Bool {
        FamilySettings(settings, family: family) == self.settings
    }

    /// The addresses on which node ports answer; `nil` for all that the node has.
    public var nodePortAddresses: [IPAddress]? {
        settings.nodePortsOnAllAddresses ? nil : settings.nodePortAddresses
    }

    /// The name of the node the rules are made for.
    public var nodeName: String { settings.node.name }

    /// All rules that must stand in the kernel.
    public var ruleset: Ruleset {
        Ruleset(family: family, tables: Table.allCases.map(rules))
    }

    private func rules(of table: Table) -> TableRules {
        var chains = KubeProxyChains.shared(in: table).map { sharedChain($0, in: table) }
        if table == .nat {
            chains.reserveCapacity(chains.count + servicePorts.reduce(0) { $0 + $1.chains.count })
            for index in servicePorts.indices { chains.append(contentsOf: servicePorts[index].chains) }
        }
        return TableRules(table: table, jumps: settings.jumps(in: table), chains: chains)
    }

    /// A chain that all service ports share, put together from their shares.
    func sharedChain(_ name: ChainName, in table: Table) -> Chain {
        var rules: [Rule] = []
        if let share = CompiledServicePort.share(of: name, in: table) {
            // Only the share is read: there are tens of thousands, and a copy of each would retain all its parts.
            servicePorts.withUnsafeBufferPointer { servicePorts in
                guard let first = servicePorts.baseAddress else { return }
                for index in servicePorts.indices {
                    rules.append(contentsOf: (first + index).pointer(to: share)?.pointee ?? [])
                }
            }
        }
        return Chain(name: name, rules: rules + settings.fixedRules(of: name, in: table))
    }
}

// SPDX-License-Identifier: Apache-2.0

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
    var layout: any RuleLayout
    var endpointCount: Int

    /// Compiles everything in `snapshot`.
    public init(_ snapshot: ServiceSnapshot, settings: CompilerSettings) {
        let familySettings = FamilySettings(settings, family: snapshot.family)
        let layout = settings.layout.implementation.init(settings: familySettings)
        let endpointCount = snapshot.endpointCount
        let isLargeCluster = endpointCount > Self.largeClusterThreshold
        family = snapshot.family
        self.endpointCount = endpointCount
        self.settings = familySettings
        self.layout = layout
        servicePorts = snapshot.servicePorts.indices.map {
            layout.compile(snapshot.servicePorts[$0], isLargeCluster: isLargeCluster)
        }
        self.layout.begin(with: servicePorts)
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

    /// All rules that are desired in the kernel.
    public var ruleset: Ruleset { ruleset(withChainsOf: servicePorts) }

    /// The rules that service ports share, and the chains of the service ports that packets to a destination can come to.
    ///
    /// In a large cluster, to put all of them together takes most of a second.
    public func ruleset(towards destination: AddressPort) -> Ruleset {
        ruleset(withChainsOf: servicePorts.filter { $0.canBeReached(at: destination) })
    }

    /// The rules that service ports share, and the chains of some of them.
    package func ruleset(withChainsOf some: [CompiledServicePort]) -> Ruleset {
        Ruleset(family: family, tables: type(of: layout).ownership.tables.map { rules(of: $0, some) })
    }

    private func rules(of table: Table, _ some: [CompiledServicePort]) -> TableRules {
        var chains = layout.sharedChains(in: table, of: servicePorts)
        chains.reserveCapacity(chains.count + some.reduce(0) { $0 + $1.chains[table].count })
        for index in some.indices { chains.append(contentsOf: some[index].chains[table]) }
        return TableRules(table: table, jumps: layout.jumps(in: table), chains: chains)
    }
}

extension [CompiledServicePort] {
    /// What all of them have in a shared chain, in their order.
    func rules(of chain: ChainName, in table: Table) -> [Rule] {
        var rules: [Rule] = []
        // Only the shares are read: there are tens of thousands, and a copy of each would retain all its parts.
        withUnsafeBufferPointer { servicePorts in
            for index in servicePorts.indices {
                for place in servicePorts[index].shares.indices
                where servicePorts[index].shares[place].chain == chain
                    && servicePorts[index].shares[place].table == table
                {
                    rules.append(contentsOf: servicePorts[index].shares[place].rules)
                }
            }
        }
        return rules
    }
}

import NetworkTypes
import ServiceModel
import XTables

/// The rules of one service port: its share of the shared chains, and chains of its own.
public struct CompiledServicePort: Sendable {
    /// The service port it was compiled from.
    public let servicePort: ServicePort
    /// Which endpoints are used, and why the others are not.
    public let selection: EndpointSelection

    /// Its share of nat KUBE-SERVICES: virtual addresses that lead somewhere.
    var natServices: [Rule] = []
    /// Its share of nat KUBE-NODEPORTS.
    var natNodePorts: [Rule] = []
    /// Its share of filter KUBE-SERVICES: the cluster IP, if it leads nowhere.
    var filterServices: [Rule] = []
    /// Its share of filter KUBE-EXTERNAL-SERVICES: external addresses that lead nowhere.
    var filterExternalServices: [Rule] = []
    /// Its share of filter KUBE-NODEPORTS: the health check port.
    var filterNodePorts: [Rule] = []
    /// Its share of filter KUBE-PROXY-FIREWALL.
    var filterProxyFirewall: [Rule] = []
    /// Its own chains, all of them in nat.
    var chains: [Chain] = []

    init(_ servicePort: ServicePort, selection: EndpointSelection) {
        self.servicePort = servicePort
        self.selection = selection
    }

    /// The name of the service port.
    public var name: ServicePortName { servicePort.name }

    /// The lists of recent clients that its session affinity keeps, one for each endpoint; none without affinity.
    public var affinityLists: [ChainName] {
        guard servicePort.sessionAffinity != .none else { return [] }
        return chains.map(\.name).filter { $0.hasPrefix("KUBE-SEP-") }
    }

    /// Its share of a shared chain.
    func rules(of chain: ChainName, in table: Table) -> [Rule] {
        Self.share(of: chain, in: table).map { self[keyPath: $0] } ?? []
    }

    /// Where a service port keeps its share of a shared chain; `nil` for a chain no service port has a share in.
    static func share(of chain: ChainName, in table: Table) -> KeyPath<CompiledServicePort, [Rule]>? {
        switch (table, chain) {
        case (.nat, KubeProxyChains.services): \.natServices
        case (.nat, KubeProxyChains.nodePorts): \.natNodePorts
        case (.filter, KubeProxyChains.services): \.filterServices
        case (.filter, KubeProxyChains.externalServices): \.filterExternalServices
        case (.filter, KubeProxyChains.nodePorts): \.filterNodePorts
        case (.filter, KubeProxyChains.proxyFirewall): \.filterProxyFirewall
        default: nil
        }
    }
}

import NetworkTypes
import ServiceModel

/// What rules depend on besides Services and endpoints: the node and kube-proxy's options.
public struct CompilerSettings: Sendable, Hashable {
    /// The node that rules are made for.
    public var node: Node
    /// How pods' traffic is told apart, for IPv4.
    public var ipv4LocalDetector: LocalDetector
    /// How pods' traffic is told apart, for IPv6.
    public var ipv6LocalDetector: LocalDetector
    /// Whether all traffic to cluster IPs is masqueraded (`--masquerade-all`).
    public var masqueradesAll: Bool
    /// The bit of the packet mark that asks for masquerading, 0–31 (`--iptables-masquerade-bit`).
    public var masqueradeBit: Int
    /// Whether node ports answer on 127.0.0.0/8 (`--iptables-localhost-nodeports`); IPv6 never does.
    public var allowsLocalhostNodePorts: Bool
    /// On which addresses node ports answer (`--nodeport-addresses`).
    public var nodePortAddresses: NodePortAddresses
    /// The addresses of the node's interfaces, which ``nodePortAddresses`` are looked for in.
    public var interfaceAddresses: [IPAddress]
    /// Whether packets are counted at kube-proxy's two nfnetlink accounting objects.
    public var usesAccounting: Bool
    /// Whether the kernel lets packets outside of the TCP window pass (nf_conntrack_tcp_be_liberal).
    public var conntrackIsLiberal: Bool

    /// Makes settings; what is left out has kube-proxy's default.
    public init(
        node: Node, ipv4LocalDetector: LocalDetector = .none, ipv6LocalDetector: LocalDetector = .none,
        masqueradesAll: Bool = false, masqueradeBit: Int = 14, allowsLocalhostNodePorts: Bool = true,
        nodePortAddresses: NodePortAddresses = .ranges([]), interfaceAddresses: [IPAddress] = [],
        usesAccounting: Bool = false, conntrackIsLiberal: Bool = false
    ) {
        precondition((0...31).contains(masqueradeBit), "a packet mark has the bits 0 to 31")
        self.node = node
        self.ipv4LocalDetector = ipv4LocalDetector
        self.ipv6LocalDetector = ipv6LocalDetector
        self.masqueradesAll = masqueradesAll
        self.masqueradeBit = masqueradeBit
        self.allowsLocalhostNodePorts = allowsLocalhostNodePorts
        self.nodePortAddresses = nodePortAddresses
        self.interfaceAddresses = interfaceAddresses
        self.usesAccounting = usesAccounting
        self.conntrackIsLiberal = conntrackIsLiberal
    }

    /// How pods' traffic of a family is told apart.
    public func localDetector(_ family: IPFamily) -> LocalDetector {
        switch family {
        case .ipv4: ipv4LocalDetector
        case .ipv6: ipv6LocalDetector
        }
    }
}

/// The settings as one IP family sees them.
struct FamilySettings: Hashable {
    let family: IPFamily
    let node: Node
    let detector: LocalDetector
    let masqueradesAll: Bool
    let mark: UInt32
    let usesAccounting: Bool
    let conntrackIsLiberal: Bool
    /// Whether node ports answer on 127.0.0.0/8.
    let localhostNodePorts: Bool
    /// Whether node ports answer on every address of the node.
    let nodePortsOnAllAddresses: Bool
    /// The addresses node ports answer on if not on all.
    let nodePortAddresses: [IPAddress]

    init(_ settings: CompilerSettings, family: IPFamily) {
        self.family = family
        // What nothing depends on is left out, so that it does not count as a change: nodes' labels change all the time.
        node = Node(
            name: settings.node.name, addresses: [settings.node.primaryAddress(family)],
            labels: settings.node.zone.map { [Node.zoneLabel: $0] } ?? [:])
        detector = settings.localDetector(family)
        masqueradesAll = settings.masqueradesAll
        mark = 1 << UInt32(settings.masqueradeBit)
        usesAccounting = settings.usesAccounting
        conntrackIsLiberal = settings.conntrackIsLiberal
        let onLocalhost =
            family == .ipv4 && settings.allowsLocalhostNodePorts
            && settings.nodePortAddresses.containsIPv4Loopback(node: settings.node)
        localhostNodePorts = onLocalhost
        let ranges = settings.nodePortAddresses.effectiveRanges(family, node: settings.node)
        nodePortsOnAllAddresses = ranges.contains(where: \.isEverything)
        let candidates = Set(settings.interfaceAddresses).filter { address in
            ranges.contains { $0.contains(address) } && (!address.isLoopback || onLocalhost)
        }
        nodePortAddresses = candidates.sorted { $0.description < $1.description }
    }

    /// The node's primary address of the family.
    var nodeAddress: IPAddress { node.primaryAddress(family) }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel

/// What rules depend on besides Services and endpoints: the node and kube-proxy's options.
public struct CompilerSettings: Sendable, Hashable {
    /// The node that rules are made for.
    public var node: Node
    /// How pods' traffic is distinguished, for IPv4.
    public var ipv4LocalDetector: LocalDetector
    /// How pods' traffic is distinguished, for IPv6.
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
    /// Whether the kernel can compare a packet's addresses with each other (xt_bpf), which the flat layout makes use of.
    public var comparesAddresses: Bool
    /// The families in which the kernel can choose by a hash of the client's address: IPv4 with xt_cluster, IPv6 with xt_bpf.
    public var hashesClients: Set<IPFamily>
    /// How session affinity works where a Service does not say; `nil` as is usual for ``layout``.
    public var affinityMode: AffinityMode?
    /// How new connections are spread over endpoints where a Service does not decide it (`--balance`).
    public var balance: BalancePolicy
    /// Whether connections that fail are balanced again where a Service does not decide it (`--retry-connections`).
    public var retriesConnections: Bool
    /// How the rules are laid out.
    public var layout: RuleLayoutKind

    /// Makes settings; what is left out has kube-proxy's default.
    public init(
        node: Node, ipv4LocalDetector: LocalDetector = .none, ipv6LocalDetector: LocalDetector = .none,
        masqueradesAll: Bool = false, masqueradeBit: Int = 14, allowsLocalhostNodePorts: Bool = true,
        nodePortAddresses: NodePortAddresses = .ranges([]), interfaceAddresses: [IPAddress] = [],
        usesAccounting: Bool = false, conntrackIsLiberal: Bool = false, comparesAddresses: Bool = true,
        hashesClients: Set<IPFamily> = Set(IPFamily.allCases), affinityMode: AffinityMode? = nil,
        balance: BalancePolicy = .random,
        retriesConnections: Bool = false, layout: RuleLayoutKind = .kubeProxy
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
        self.comparesAddresses = comparesAddresses
        self.hashesClients = hashesClients
        self.affinityMode = affinityMode
        self.balance = balance
        self.retriesConnections = retriesConnections
        self.layout = layout
    }

    /// How pods' traffic of a family is distinguished.
    public func localDetector(_ family: IPFamily) -> LocalDetector {
        switch family {
        case .ipv4: ipv4LocalDetector
        case .ipv6: ipv6LocalDetector
        }
    }
}

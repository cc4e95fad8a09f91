import NetworkTypes
import XTables

/// The chains of kube-proxy's layout that all Services share (pkg/proxy/iptables/proxier.go).
///
/// This is the one place that says which chains exist; chains of single service ports are named in
/// ``ServicePortChains``.
enum KubeProxyChains {
    /// Virtual addresses: cluster IPs, external IPs, load balancer IPs; then the jump to node ports.
    static let services: ChainName = "KUBE-SERVICES"
    /// Addresses from outside that lead nowhere: rejected or dropped.
    static let externalServices: ChainName = "KUBE-EXTERNAL-SERVICES"
    /// Node ports in nat, health check ports in filter.
    static let nodePorts: ChainName = "KUBE-NODEPORTS"
    /// Masquerades what is marked.
    static let postrouting: ChainName = "KUBE-POSTROUTING"
    /// Marks a packet to be masqueraded.
    static let markMasquerade: ChainName = "KUBE-MARK-MASQ"
    /// Lets traffic of Services through.
    static let forward: ChainName = "KUBE-FORWARD"
    /// Drops traffic to load balancer addresses that no source range lets in.
    static let proxyFirewall: ChainName = "KUBE-PROXY-FIREWALL"
    /// Drops packets to loopback addresses from elsewhere (CVE-2020-8558); kubelet has the same chain.
    static let firewall: ChainName = "KUBE-FIREWALL"

    /// The chains a table always has, even if they are empty.
    static func shared(in table: Table) -> [ChainName] {
        switch table {
        case .filter: [services, externalServices, forward, nodePorts, proxyFirewall, firewall]
        case .nat: [services, nodePorts, postrouting, markMasquerade]
        }
    }
}

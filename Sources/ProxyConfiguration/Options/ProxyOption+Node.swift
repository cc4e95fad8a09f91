import KubernetesObjects
import NetworkTypes
import RuleCompiler

/// What rules depend on.
extension ProxyOption {
    package static let hostname = ProxyOption(
        flag: "hostname-override", field: "hostnameOverride", .nodeName, \.hostname,
        help: "The node's name. (default: the machine's name)", isFixedAtStart: true)
    package static let nodeIPs = ProxyOption(
        flag: "node-ip", field: nil, .addresses, \.nodeIPs,
        help: "The node's addresses. (default: those of its Node object)")
    package static let nodeLabels = ProxyOption(
        flag: "node-labels", field: nil, .labels, \.nodeLabels,
        help: "The node's labels. (default: those of its Node object)")
    package static let bindAddress = ProxyOption(
        flag: "bind-address", field: "bindAddress", .address, \.bindAddress, standard: { _ in .any(.ipv4) },
        help: "The node's primary address, instead of the one in its Node object; :: lets servers listen on IPv6.")
    package static let clusterCIDR = ProxyOption(
        flag: "cluster-cidr", field: "clusterCIDR", .clusterCIDRs, \.clusterCIDRs,
        help: "The ranges pods get their addresses from, one of each family.")
    package static let detectLocalMode = ProxyOption(
        flag: "detect-local-mode", field: "detectLocalMode", .detectLocalMode, \.detectLocalMode,
        standard: { _ in .clusterCIDR }, help: "How pods of this node are told apart from others.")
    package static let podBridgeInterface = ProxyOption(
        flag: "pod-bridge-interface", field: "detectLocal.bridgeInterface", .text("name"), \.podBridgeInterface,
        help: "The bridge of the pods, for BridgeInterface.")
    package static let podInterfaceNamePrefix = ProxyOption(
        flag: "pod-interface-name-prefix", field: "detectLocal.interfaceNamePrefix", .text("prefix"),
        \.podInterfaceNamePrefix, help: "How pods' interfaces begin, for InterfaceNamePrefix.")
    package static let masqueradeAll = ProxyOption(
        flag: "masquerade-all", field: "iptables.masqueradeAll", .boolean, \.masqueradeAll, standard: { _ in false },
        help: "Masquerade all traffic to cluster IPs.")
    package static let masqueradeBit = ProxyOption(
        flag: "iptables-masquerade-bit", field: "iptables.masqueradeBit", .markBit, \.masqueradeBit,
        standard: { _ in ProxyOptions.standardMasqueradeBit },
        help: "The bit of the packet mark that asks for masquerading.")
    package static let localhostNodePorts = ProxyOption(
        flag: "iptables-localhost-nodeports", field: "iptables.localhostNodePorts", .boolean, \.localhostNodePorts,
        standard: { _ in true }, help: "Let node ports answer on 127.0.0.0/8.")
    package static let nodePortAddresses = ProxyOption(
        flag: "nodeport-addresses", field: "nodePortAddresses", .nodePortAddresses, \.nodePortAddresses,
        help: "The addresses node ports answer on: ranges, or “primary”. (default: all)")
    package static let interfaceAddresses = ProxyOption(
        flag: "interface-addresses", field: nil, .addresses, \.interfaceAddresses,
        help: "The addresses of the node's interfaces, among which --nodeport-addresses chooses.")
    package static let accounting = ProxyOption(
        flag: "nfacct", field: nil, .boolean, \.accounting, standard: { _ in false },
        help: "Count packets at kube-proxy's nfnetlink accounting objects.")
    package static let conntrackTCPBeLiberal = ProxyOption(
        flag: "conntrack-tcp-be-liberal", field: "conntrack.tcpBeLiberal", .boolean, \.conntrackTCPBeLiberal,
        standard: { _ in false },
        help: "Do not drop packets outside of the TCP window (sysctl nf_conntrack_tcp_be_liberal).")

    static let node = [
        hostname, nodeIPs, nodeLabels, bindAddress, clusterCIDR, detectLocalMode, podBridgeInterface,
        podInterfaceNamePrefix, masqueradeAll, masqueradeBit, localhostNodePorts, nodePortAddresses, interfaceAddresses,
        accounting, conntrackTCPBeLiberal,
    ]
}

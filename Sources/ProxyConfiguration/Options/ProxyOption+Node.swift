// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel

/// Options that rules depend on.
extension ProxyOption {
    package static let hostname = ProxyOption(
        flag: "hostname-override", field: "hostnameOverride", .nodeName, \.hostname,
        help: "The node's name. (default: the hostname)", isFixedAtStart: true)
    package static let nodeIPs = ProxyOption(
        flag: "node-ip", field: nil, .addresses, \.nodeIPs,
        help: "The node's addresses. (default: those of its Node object)")
    package static let nodeLabels = ProxyOption(
        flag: "node-labels", field: nil, .labels, \.nodeLabels,
        help: "The node's labels. (default: those of its Node object)")
    package static let bindAddress = ProxyOption(
        flag: "bind-address", field: "bindAddress", .address, \.bindAddress, defaultValue: { _ in .any(.ipv4) },
        help: "The node's primary address, overriding that of its Node object; with :: the servers listen on IPv6.")
    package static let clusterCIDR = ProxyOption(
        flag: "cluster-cidr", field: "clusterCIDR", .clusterCIDRs, \.clusterCIDRs,
        help: "The CIDRs of the cluster's pods, at most one of each IP family.")
    package static let detectLocalMode = ProxyOption(
        flag: "detect-local-mode", field: "detectLocalMode", .choice("mode"), \.detectLocalMode,
        defaultValue: { _ in .clusterCIDR }, help: "How traffic from pods of this node is recognized.")
    package static let podBridgeInterface = ProxyOption(
        flag: "pod-bridge-interface", field: "detectLocal.bridgeInterface", .text("name"), \.podBridgeInterface,
        help: "The bridge that the pods are attached to, for BridgeInterface.")
    package static let podInterfaceNamePrefix = ProxyOption(
        flag: "pod-interface-name-prefix", field: "detectLocal.interfaceNamePrefix", .text("prefix"),
        \.podInterfaceNamePrefix, help: "The prefix of the names of the pods' interfaces, for InterfaceNamePrefix.")
    package static let masqueradeAll = ProxyOption(
        flag: "masquerade-all", field: "iptables.masqueradeAll", .boolean, \.masqueradeAll,
        defaultValue: { _ in false },
        help: "Masquerade all traffic to cluster IPs.")
    package static let masqueradeBit = ProxyOption(
        flag: "iptables-masquerade-bit", field: "iptables.masqueradeBit", .markBit, \.masqueradeBit,
        defaultValue: { _ in ProxyOptions.defaultMasqueradeBit },
        help: "The bit of the packet mark that requests masquerading.")
    package static let localhostNodePorts = ProxyOption(
        flag: "iptables-localhost-nodeports", field: "iptables.localhostNodePorts", .boolean, \.localhostNodePorts,
        defaultValue: { _ in true }, help: "Serve node ports on 127.0.0.0/8, too.")
    package static let nodePortAddresses = ProxyOption(
        flag: "nodeport-addresses", field: "nodePortAddresses", .nodePortAddresses, \.nodePortAddresses,
        help: "The addresses that serve node ports: CIDRs, or primary. (default: all)")
    package static let interfaceAddresses = ProxyOption(
        flag: "interface-addresses", field: nil, .addresses, \.interfaceAddresses,
        help: "The addresses of the node's interfaces, from which --nodeport-addresses selects.")
    package static let accounting = ProxyOption(
        flag: "nfacct", field: nil, .boolean, \.accounting, defaultValue: { _ in false },
        help: "Count packets with kube-proxy's nfnetlink accounting objects.")
    package static let conntrackTCPBeLiberal = ProxyOption(
        flag: "conntrack-tcp-be-liberal", field: "conntrack.tcpBeLiberal", .boolean, \.conntrackTCPBeLiberal,
        defaultValue: { _ in false },
        help: "Do not drop packets outside the TCP window (sysctl nf_conntrack_tcp_be_liberal).")
    package static let ruleLayout = ProxyOption(
        flag: "rule-layout", field: "ruleLayout", .choice("layout"), \.ruleLayout, defaultValue: { _ in .kubeProxy },
        help: "How the rules are laid out: as kube-proxy does, or flat, which means the same and costs less.")
    package static let affinityMode = ProxyOption(
        flag: "session-affinity-mode", field: "sessionAffinityMode", .choice("mode"), \.affinityMode,
        help: """
            How clients are kept at an endpoint: by lists of recent ones, or by a hash of their address. (default: recent, \
            with --rule-layout flat hash)
            """)
    package static let balance = ProxyOption(
        flag: "balance", field: "balance", .choice("policy"), \.balance, defaultValue: { _ in .random },
        help:
            "How new connections are spread over endpoints: at random, by turns, or by a hash of the client's address.")
    package static let retriesConnections = ProxyOption(
        flag: "retry-connections", field: "retryConnections", .boolean, \.retriesConnections,
        defaultValue: { _ in false },
        help: "Balance a TCP connection again when its endpoint refuses it or does not answer.")
    package static let keepJumpsFirst = ProxyOption(
        flag: "keep-jumps-first", field: "iptables.keepJumpsFirst", .boolean, \.keepJumpsFirst,
        defaultValue: { _ in false },
        help: "Move our jumps in built-in chains ahead of foreign rules again.")

    static let node = [
        hostname, nodeIPs, nodeLabels, bindAddress, clusterCIDR, detectLocalMode, podBridgeInterface,
        podInterfaceNamePrefix, masqueradeAll, masqueradeBit, localhostNodePorts, nodePortAddresses, interfaceAddresses,
        accounting, conntrackTCPBeLiberal, ruleLayout, affinityMode, balance, retriesConnections,
        keepJumpsFirst,
    ]
}

import ArgumentParser
import NetworkTypes
import ProxyConfiguration

/// kube-proxy's options as far as rules depend on them.
struct NodeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A KubeProxyConfiguration file, or a ConfigMap that holds one. Flags win over it.", valueName: "path"),
        completion: .file(extensions: ["yaml", "yml", "conf", "json"]))
    var config: String?

    @Option(.hostname) var hostnameOverride: Setting?
    @Option(.nodeIPs) var nodeIP: [Setting] = []
    @Option(.nodeLabels) var nodeLabels: [Setting] = []
    @Option(.bindAddress) var bindAddress: Setting?
    @Option(.clusterCIDR) var clusterCIDR: Setting?
    @Option(.detectLocalMode) var detectLocalMode: Setting?
    @Option(.podBridgeInterface) var podBridgeInterface: Setting?
    @Option(.podInterfaceNamePrefix) var podInterfaceNamePrefix: Setting?
    @Option(.masqueradeAll) var masqueradeAll: Setting?
    @Option(.masqueradeBit) var masqueradeBit: Setting?
    @Option(.localhostNodePorts) var localhostNodePorts: Setting?
    @Option(.nodePortAddresses) var nodePortAddresses: [Setting] = []
    @Option(.interfaceAddresses) var interfaceAddresses: [Setting] = []
    @Option(.accounting) var accounting: Setting?
    @Option(.conntrackTCPBeLiberal) var conntrackTCPBeLiberal: Setting?
}

extension IPFamily: ExpressibleByArgument {}

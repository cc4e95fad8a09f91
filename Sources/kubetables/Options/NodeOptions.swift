// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import NetworkTypes
import ProxyConfiguration

/// kube-proxy's options that rules depend on.
struct NodeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A KubeProxyConfiguration file, or a ConfigMap with one. Flags override it.", valueName: "path"),
        completion: .file(extensions: ["yaml", "yml", "conf", "json"]))
    var config: String?

    @Option(.hostname) var hostnameOverride: FlagValue?
    @Option(.nodeIPs) var nodeIP: [FlagValue] = []
    @Option(.nodeLabels) var nodeLabels: [FlagValue] = []
    @Option(.bindAddress) var bindAddress: FlagValue?
    @Option(.clusterCIDR) var clusterCIDR: FlagValue?
    @Option(.detectLocalMode) var detectLocalMode: FlagValue?
    @Option(.podBridgeInterface) var podBridgeInterface: FlagValue?
    @Option(.podInterfaceNamePrefix) var podInterfaceNamePrefix: FlagValue?
    @Option(.masqueradeAll) var masqueradeAll: FlagValue?
    @Option(.masqueradeBit) var masqueradeBit: FlagValue?
    @Option(.localhostNodePorts) var localhostNodePorts: FlagValue?
    @Option(.nodePortAddresses) var nodePortAddresses: [FlagValue] = []
    @Option(.interfaceAddresses) var interfaceAddresses: [FlagValue] = []
    @Option(.accounting) var accounting: FlagValue?
    @Option(.conntrackTCPBeLiberal) var conntrackTCPBeLiberal: FlagValue?
    @Option(.ruleLayout) var ruleLayout: FlagValue?
    @Option(.affinityMode) var sessionAffinityMode: FlagValue?
    @Option(.balance) var balance: FlagValue?
    @Option(.retriesConnections) var retryConnections: FlagValue?
}

extension IPFamily: ExpressibleByArgument {}

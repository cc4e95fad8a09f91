import KubernetesObjects
import NetworkTypes
import RuleCompiler

extension ProxyOptions {
    /// The options that a configuration file gives.
    ///
    /// - Throws: ``OptionError``, which names the field, for a value that cannot be used.
    public init(_ configuration: KubeProxyConfiguration) throws(OptionError) {
        self.init()
        hostname = try configuration.hostnameOverride.map { text throws(OptionError) in
            try OptionParsing.hostname(text, option: "hostnameOverride")
        }
        if let text = configuration.clusterCIDR {
            clusterCIDRs = try OptionParsing.clusterCIDRs(OptionParsing.list(text), option: "clusterCIDR")
        }
        if let text = configuration.detectLocalMode {
            guard let mode = DetectLocalMode(rawValue: text) else {
                let modes = DetectLocalMode.allCases.map(\.rawValue).joined(separator: ", ")
                throw OptionError("detectLocalMode", "“\(text)” is unknown; it must be one of \(modes)")
            }
            detectLocalMode = mode
        }
        podBridgeInterface = configuration.bridgeInterface
        podInterfaceNamePrefix = configuration.interfaceNamePrefix
        if let texts = configuration.nodePortAddresses {
            nodePortAddresses = try OptionParsing.nodePortAddresses(texts, option: "nodePortAddresses")
        }
        masqueradeAll = configuration.masqueradeAll
        if let bit = configuration.masqueradeBit {
            masqueradeBit = try OptionParsing.masqueradeBit(Int(bit), option: "iptables.masqueradeBit")
        }
        localhostNodePorts = configuration.localhostNodePorts
        conntrackTCPBeLiberal = configuration.conntrackTCPBeLiberal
        syncPeriod = configuration.syncPeriod
        minimumSyncPeriod = configuration.minSyncPeriod
        if let count = configuration.conntrackMaxPerCore {
            conntrackMaxPerCore = try OptionParsing.count(Int(count), option: "conntrack.maxPerCore")
        }
        if let count = configuration.conntrackMin {
            conntrackMin = try OptionParsing.count(Int(count), option: "conntrack.min")
        }
        conntrackTCPEstablishedTimeout = configuration.conntrackTCPEstablishedTimeout
        conntrackTCPCloseWaitTimeout = configuration.conntrackTCPCloseWaitTimeout
        conntrackUDPTimeout = configuration.conntrackUDPTimeout
        conntrackUDPStreamTimeout = configuration.conntrackUDPStreamTimeout
        kubeconfig = configuration.kubeconfig
        if let text = configuration.healthzBindAddress {
            healthzBindAddress = try OptionParsing.bindAddress(
                text, defaultPort: BindAddress.healthzPort, option: "healthzBindAddress")
        }
        if let text = configuration.metricsBindAddress {
            metricsBindAddress = try OptionParsing.bindAddress(
                text, defaultPort: BindAddress.metricsPort, option: "metricsBindAddress")
        }
    }
}

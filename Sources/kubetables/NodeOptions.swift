import ArgumentParser
import KubernetesObjects
import NetworkTypes
import ProxyConfiguration
import RuleCompiler

/// kube-proxy's options as far as rules depend on them, by kube-proxy's names.
struct NodeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A KubeProxyConfiguration file, or a ConfigMap that holds one. Flags win over it.", valueName: "path"),
        completion: .file(extensions: ["yaml", "yml", "conf", "json"]))
    var config: String?

    @Option(help: "The node's name. (default: the machine's name)")
    var hostnameOverride: String?

    @Option(help: ArgumentHelp("The node's addresses. (default: those of its Node object)", valueName: "address,…"))
    var nodeIp: String?

    @Option(help: ArgumentHelp("The node's labels. (default: those of its Node object)", valueName: "key=value,…"))
    var nodeLabels: String?

    @Option(help: ArgumentHelp("The ranges pods get their addresses from, one of each family.", valueName: "cidr,…"))
    var clusterCidr: String?

    @Option(help: "How pods of this node are told apart from others. (default: ClusterCIDR)")
    var detectLocalMode: DetectLocalMode?

    @Option(help: ArgumentHelp("The bridge of the pods, for BridgeInterface.", valueName: "name"))
    var podBridgeInterface: String?

    @Option(help: ArgumentHelp("How pods' interfaces begin, for InterfaceNamePrefix.", valueName: "prefix"))
    var podInterfaceNamePrefix: String?

    @Option(defaultAsFlag: true, parsing: .next, help: "Masquerade all traffic to cluster IPs.")
    var masqueradeAll: Bool?

    @Option(
        help: ArgumentHelp("The bit of the packet mark that asks for masquerading. (default: 14)", valueName: "0-31"))
    var iptablesMasqueradeBit: Int?

    @Option(defaultAsFlag: true, parsing: .next, help: "Let node ports answer on 127.0.0.0/8. (default: true)")
    var iptablesLocalhostNodeports: Bool?

    @Option(
        help: ArgumentHelp(
            "The addresses node ports answer on: ranges, or “primary”. (default: all)", valueName: "cidr,…"))
    var nodeportAddresses: String?

    @Option(
        help: ArgumentHelp(
            "The addresses of the node's interfaces, among which --nodeport-addresses chooses.", valueName: "address,…")
    )
    var interfaceAddresses: String?

    @Option(defaultAsFlag: true, parsing: .next, help: "Count packets at kube-proxy's nfnetlink accounting objects.")
    var nfacct: Bool?

    @Option(
        defaultAsFlag: true, parsing: .next,
        help: "Do not drop packets outside of the TCP window (sysctl nf_conntrack_tcp_be_liberal).")
    var conntrackTcpBeLiberal: Bool?

    /// The options of flags and configuration file together.
    ///
    /// - Throws: `ExitCode.badInput` for a bad file, `ExitCode.wrongUsage` for a bad flag.
    func proxyOptions(strict: Bool) throws -> ProxyOptions {
        let flags = try flagOptions()
        guard let config else { return flags }
        return flags.overriding(try fileOptions(config, strict: strict))
    }

    private func fileOptions(_ path: String, strict: Bool) throws -> ProxyOptions {
        var log = DiagnosticLog()
        let configuration = KubeProxyConfiguration.read(path: path, log: &log)
        if strict { log = log.promotingWarnings() }
        Console.report(log)
        guard let configuration, !log.hasErrors else { throw ExitCode.badInput }
        do {
            return try ProxyOptions(configuration)
        } catch {
            throw Console.failure("\(path): \(error)", .badInput)
        }
    }

    private func flagOptions() throws -> ProxyOptions {
        do {
            var options = ProxyOptions()
            options.hostname = try hostnameOverride.map {
                try OptionParsing.hostname($0, option: "--hostname-override")
            }
            options.nodeIPs = try nodeIp.map {
                try OptionParsing.addresses(OptionParsing.list($0), option: "--node-ip")
            }
            options.nodeLabels = try nodeLabels.map {
                try OptionParsing.labels(OptionParsing.list($0), option: "--node-labels")
            }
            options.clusterCIDRs = try clusterCidr.map {
                try OptionParsing.clusterCIDRs(OptionParsing.list($0), option: "--cluster-cidr")
            }
            options.detectLocalMode = detectLocalMode
            options.podBridgeInterface = podBridgeInterface
            options.podInterfaceNamePrefix = podInterfaceNamePrefix
            options.masqueradeAll = masqueradeAll
            options.masqueradeBit = try iptablesMasqueradeBit.map {
                try OptionParsing.masqueradeBit($0, option: "--iptables-masquerade-bit")
            }
            options.localhostNodePorts = iptablesLocalhostNodeports
            options.nodePortAddresses = try nodeportAddresses.map {
                try OptionParsing.nodePortAddresses(OptionParsing.list($0), option: "--nodeport-addresses")
            }
            options.interfaceAddresses = try interfaceAddresses.map {
                try OptionParsing.addresses(OptionParsing.list($0), option: "--interface-addresses")
            }
            options.accounting = nfacct
            options.conntrackTCPBeLiberal = conntrackTcpBeLiberal
            return options
        } catch let error as OptionError {
            throw Console.failure("\(error)", .wrongUsage)
        }
    }
}

extension DetectLocalMode: ExpressibleByArgument {}
extension IPFamily: ExpressibleByArgument {}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleCompiler
import ServiceModel

/// A made-up cluster that is the same every time: what speed and memory are measured with.
///
/// Every Service has one TCP port. Every 10th is of type NodePort, every 20th a load balancer of policy Local with a
/// source range, every 25th has session affinity unless another interval is given, and every 50th has no endpoints. A third of
/// the endpoints is on the node that rules are made for.
public struct SyntheticCluster: Sendable {
    /// The number of Services, at most 65,000; up to 10,000 all node ports are in the API's default range.
    public let serviceCount: Int
    /// The number of endpoints of each Service that has any.
    public let endpointsPerService: Int

    /// The port of every Service.
    public static let port: UInt16 = 80
    /// The port of every endpoint.
    public static let targetPort: UInt16 = 8080

    /// The name of the node that rules are made for.
    public static let nodeName = "test-node"

    /// Each how many-th Service has session affinity; `nil` for none.
    public let affinityInterval: Int?
    /// How the rules are laid out.
    public let layout: RuleLayoutKind

    /// Every 25th Service.
    public static let usualAffinityInterval = 25

    /// Describes a cluster of a size.
    public init(
        services: Int, endpointsPerService: Int = 10, affinityInterval: Int? = usualAffinityInterval,
        layout: RuleLayoutKind = .kubeProxy
    ) {
        serviceCount = services
        self.affinityInterval = affinityInterval
        self.endpointsPerService = endpointsPerService
        self.layout = layout
    }

    /// What else rules depend on: a node, and kube-proxy's defaults.
    public var settings: CompilerSettings { CompilerSettings(node: Node(name: Self.nodeName), layout: layout) }

    /// The cluster IPs of the Services that have no other front end, but endpoints and no affinity, in the order in which
    /// kube-proxy's layout has their rules: that of namespaces and names.
    public var plainClusterIPs: [IPAddress] {
        services.filter(\.isPlain).sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }.map(\.clusterIP)
    }

    /// The Services and their endpoints, one by one.
    var services: some Sequence<SyntheticService> {
        (0..<serviceCount).lazy.map(service)
    }

    func service(_ number: Int) -> SyntheticService {
        SyntheticService(
            number: number, endpointCount: endpointsPerService,
            hasAffinity: affinityInterval.map { number % $0 == 3 } ?? false)
    }
}

/// One Service of the cluster and its endpoints; everything about it follows from its number.
struct SyntheticService {
    let number: Int
    let endpointCount: Int
    let hasAffinity: Bool

    /// The number of endpoints that one EndpointSlice holds at most, as the API's controller has it.
    static let sliceCapacity = 100
    static let portName = "p80"
    static let port = SyntheticCluster.port
    static let targetPort = SyntheticCluster.targetPort
    static let sourceRange = "203.0.113.0/25"

    var namespace: String { "ns\(number % 50)" }
    var name: String { "svc-\(number)" }
    /// From 172.30.1.0 upwards.
    var clusterIP: IPAddress { IPAddress(ipv4: 172 << 24 | 30 << 16 + UInt32(number + 256)) }

    var isLoadBalancer: Bool { number % 20 == 5 }
    var isNodePort: Bool { number % 10 == 0 }
    var hasEndpoints: Bool { number % 50 != 7 }

    /// Whether a connection to it passes what every Service has, and no more.
    var isPlain: Bool { hasEndpoints && !hasAffinity && !isNodePort && !isLoadBalancer }

    /// The port on every node, if the type gives it one.
    var nodePort: UInt16? {
        if isLoadBalancer { return nodePort(from: 31000, orFrom: 46000, interval: 20) }
        return isNodePort ? nodePort(from: 30000, orFrom: 40000, interval: 10) : nil
    }
    var healthCheckNodePort: UInt16 { nodePort(from: 31700, orFrom: 50000, interval: 20) }

    /// A port that no other Service of the cluster has: in the API's default range as far as its 2,768 ports go.
    private func nodePort(from first: Int, orFrom further: Int, interval: Int) -> UInt16 {
        UInt16((number < Self.servicesInPortRange ? first : further) + number / interval)
    }

    private static let servicesInPortRange = 10_000
    /// In 198.51.0.0/16.
    var loadBalancerIP: IPAddress { IPAddress(ipv4: 198 << 24 | 51 << 16 | UInt32(number & 0xffff)) }

    /// The numbers of the endpoints of each slice.
    var slices: [Range<Int>] {
        guard hasEndpoints else { return [] }
        return stride(from: 0, to: endpointCount, by: Self.sliceCapacity).map {
            $0..<min($0 + Self.sliceCapacity, endpointCount)
        }
    }

    func sliceName(_ slice: Range<Int>) -> String { "\(name)-\(slice.lowerBound)" }

    /// The address of an endpoint, in 10.0.0.0/8.
    func address(ofEndpoint endpoint: Int) -> IPAddress {
        IPAddress(ipv4: 10 << 24 | UInt32(number * endpointCount + endpoint) & 0xff_ffff)
    }

    func nodeName(ofEndpoint endpoint: Int) -> String {
        endpoint % 3 == 0 ? SyntheticCluster.nodeName : "n\(endpoint)"
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// The settings as one IP family sees them.
package struct FamilySettings: Hashable, Sendable {
    let layout: RuleLayoutKind
    let family: IPFamily
    let node: Node
    let detector: LocalDetector
    let masqueradesAll: Bool
    let mark: UInt32
    let usesAccounting: Bool
    let conntrackIsLiberal: Bool
    /// Whether the kernel can compare a packet's addresses with each other.
    let comparesAddresses: Bool
    /// Whether the kernel can choose by a hash of the client's address in this family.
    let hashesClients: Bool
    /// How session affinity works where a Service does not say.
    let affinityMode: AffinityMode
    /// How new connections are spread over endpoints where a Service does not decide it.
    let balance: BalancePolicy
    /// Whether connections that fail are balanced again where a Service does not decide it.
    let retriesConnections: Bool
    /// Whether node ports answer on 127.0.0.0/8.
    let localhostNodePorts: Bool
    /// Whether node ports answer on every address of the node.
    let nodePortsOnAllAddresses: Bool
    /// The addresses node ports answer on if not on all.
    let nodePortAddresses: [IPAddress]

    init(_ settings: CompilerSettings, family: IPFamily) {
        layout = settings.layout
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
        comparesAddresses = settings.comparesAddresses || settings.layout == .kubeProxy
        hashesClients = settings.hashesClients.contains(family)
        affinityMode = settings.affinityMode ?? settings.layout.implementation.usualAffinityMode
        balance = settings.balance
        retriesConnections = settings.retriesConnections
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

    /// Whether traffic to cluster IPs is masqueraded, some of it or all.
    var masqueradesClusterIPs: Bool { masqueradesAll || detector.canDetect }

    /// A rule with the condition that traffic to cluster IPs needs to be masqueraded; none if all of it is.
    func clusterIPMasqueradeCondition(_ rule: Rule) -> Rule {
        masqueradesAll ? rule : detector.condition(rule, isInverted: true)
    }

    /// How a service port has its clients come to one endpoint.
    func affinity(of servicePort: ServicePort) -> ClientAffinity {
        guard case .clientIP(let seconds) = servicePort.sessionAffinity else { return .none }
        switch servicePort.affinityMode ?? affinityMode {
        case .hash where hashesClients: return .hash
        case .hash, .recent: return .recent(seconds: seconds)
        }
    }

    /// How a service port has new connections spread over its endpoints, as far as the kernel can.
    func balance(of servicePort: ServicePort) -> BalancePolicy {
        missesSourceHash(of: servicePort) ? .random : servicePort.balance ?? balance
    }

    /// Whether a service port should have its connections spread by a hash that the kernel cannot make.
    func missesSourceHash(of servicePort: ServicePort) -> Bool {
        (servicePort.balance ?? balance) == .sourceHash && !hashesClients
    }

    /// Whether a service port has connections that fail balanced again: TCP only, since other protocols have no sign of it.
    func retries(_ servicePort: ServicePort) -> Bool {
        servicePort.retries(byDefault: retriesConnections)
    }

    /// The node's primary address of the family.
    var nodeAddress: IPAddress { node.primaryAddress(family) }
}

/// What keeps the connections of a client at one endpoint.
enum ClientAffinity: Hashable {
    case none
    /// Lists of clients that were there within so many seconds.
    case recent(seconds: UInt32)
    /// A hash of the client's address.
    case hash

    var mode: AffinityMode? {
        switch self {
        case .none: nil
        case .recent: .recent
        case .hash: .hash
        }
    }
}

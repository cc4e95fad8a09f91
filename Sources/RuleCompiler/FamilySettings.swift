// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel

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

    /// The node's primary address of the family.
    var nodeAddress: IPAddress { node.primaryAddress(family) }
}

// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import Messages
import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

/// Options that do less on this node, or other things, than their author may have meant: what kube-proxy logs at its start
/// (cmd/kube-proxy/app/server.go, checkBadConfig and checkBadIPConfig), and node ports that answer nowhere.
package struct ConfigurationCheck: Sendable {
    private let options: ProxyOptions
    private let settings: CompilerSettings
    /// The families that rules are made for.
    private let families: [IPFamily]
    /// The families that Services have addresses of.
    private let serviceFamilies: Set<IPFamily>

    /// - Parameters:
    ///   - settings: what `options` lead to on the node.
    ///   - families: the families that rules are made for.
    ///   - serviceFamilies: the families that Services have addresses of.
    package init(
        _ options: ProxyOptions, _ settings: CompilerSettings, families: [IPFamily], serviceFamilies: Set<IPFamily>
    ) {
        self.options = options
        self.settings = settings
        self.families = families
        self.serviceFamilies = serviceFamilies
    }

    /// All warnings, one for each family at most of each kind.
    package var warnings: [String] {
        [clusterCIDRsOfOneFamily, missingClusterCIDR, podCIDRsOfOneFamily, endpointChains, lateRetry].compactMap(\.self)
            + families.flatMap {
                [openNodePorts($0), unreachableNodePorts($0), missingClientHash($0)].compactMap(\.self)
            }
    }

    /// The flat layout without what it needs from the kernel.
    private var endpointChains: String? {
        guard settings.layout == .flat, !settings.comparesAddresses else { return nil }
        return
            "\(ProxyOption.ruleLayout.name): the kernel has no match \"bpf\" (module xt_bpf), so each endpoint gets a chain of its "
            + "own; load the module to have fewer rules"
    }

    /// Session affinity by a hash that the kernel cannot make; who asks for none is not warned of lists.
    private func missingClientHash(_ family: IPFamily) -> String? {
        guard options.affinityMode == .hash, serviceFamilies.contains(family), !settings.hashesClients.contains(family)
        else {
            return nil
        }
        let match = ClientShare.matchName(family)
        return
            "\(ProxyOption.affinityMode.name): the kernel has no match \"\(match)\" (module xt_\(match)), so session affinity of "
            + "\(family.kubernetesName) works by lists of recent clients; load the module to have no limit of clients"
    }

    /// A retry that clients do not wait for.
    private var lateRetry: String? {
        let timeout = options.failurePolicy.answerTimeout
        guard timeout > Self.clientRetransmission else { return nil }
        return
            "\(ProxyOption.retryTimeout.name): after \(DurationText.text(timeout)) an endpoint counts as silent, but clients "
            + "repeat their SYN after 1s already and reach it again; use at most 1s, so that this SYN is balanced again"
    }

    /// When a client first repeats the SYN of a connection (RFC 6298, section 2).
    private static let clientRetransmission = Duration.seconds(1)

    // MARK: What kube-proxy logs

    /// The family of the node's first address, as kube-proxy has it; without addresses, that of all Services.
    private var primaryFamily: IPFamily? {
        settings.node.addresses.first?.family ?? (serviceFamilies.count == 1 ? serviceFamilies.first : nil)
    }

    private var isDualStack: Bool {
        let ranges = [options.clusterCIDRs ?? [], settings.node.podCIDRs].map { Set($0.map(\.family)) }
        let addresses = Set(settings.node.addresses.map(\.family))
        return (ranges + [addresses, serviceFamilies]).contains { $0.count > 1 }
    }

    private var clusterCIDRsOfOneFamily: String? {
        guard let family = primaryFamily, isOfOtherFamilyOnly(options.clusterCIDRs ?? [], than: family) else {
            return nil
        }
        return
            "\(ProxyOption.clusterCIDR.name): the cluster is \(family.kubernetesName)-primary but clusterCIDR contains only "
            + "\(family.other.kubernetesName) addresses; add its \(family.kubernetesName) CIDR, so that traffic from pods is "
            + "recognized"
    }

    private var podCIDRsOfOneFamily: String? {
        guard options.detectLocalMode == .nodeCIDR, let family = primaryFamily,
            isOfOtherFamilyOnly(settings.node.podCIDRs, than: family)
        else { return nil }
        return
            "\(ProxyOption.detectLocalMode.name): the cluster is \(family.kubernetesName)-primary but spec.podCIDRs of the "
            + "Node \(MessageText.quoted(settings.node.name)) contains only \(family.other.kubernetesName) addresses"
    }

    private func isOfOtherFamilyOnly(_ ranges: [CIDR], than family: IPFamily) -> Bool {
        !ranges.isEmpty && !ranges.contains { $0.family == family }
    }

    /// The mode is kube-proxy's default, so only who asks for it is warned.
    private var missingClusterCIDR: String? {
        guard options.detectLocalMode == .clusterCIDR, options.clusterCIDRs?.isEmpty ?? true else { return nil }
        return
            "\(ProxyOption.detectLocalMode.name): mode ClusterCIDR, but no cluster CIDR is defined: traffic from pods is not "
            + "recognized; set \(ProxyOption.clusterCIDR.name)"
    }

    /// Node ports are open on all addresses of a family of which no range is named.
    private func openNodePorts(_ family: IPFamily) -> String? {
        guard case .ranges(let ranges) = options.nodePortAddresses ?? .ranges([]),
            isOfOtherFamilyOnly(ranges, than: family), isDualStack || family == primaryFamily
        else { return nil }
        let cluster = isDualStack ? "dual-stack" : "\(family.kubernetesName)-primary"
        return
            "\(ProxyOption.nodePortAddresses.name): the cluster appears to be \(cluster) but nodePortAddresses contains only "
            + "\(family.other.kubernetesName) addresses; NodePort connections will be accepted on all local "
            + "\(family.kubernetesName) IPs: add \(family.kubernetesName) CIDRs, or use primary"
    }

    // MARK: What it does not

    /// No address of the node is in the ranges, so that node ports answer nowhere.
    private func unreachableNodePorts(_ family: IPFamily) -> String? {
        guard case .ranges(let all) = options.nodePortAddresses ?? .ranges([]), serviceFamilies.contains(family) else {
            return nil
        }
        let ranges = all.filter { $0.family == family }
        let addresses = settings.interfaceAddresses.filter { $0.family == family }
        guard !ranges.isEmpty, !ranges.contains(where: \.isEverything),
            !addresses.contains(where: { address in ranges.contains { $0.contains(address) } })
        else { return nil }
        return "\(ProxyOption.nodePortAddresses.name): no \(family.kubernetesName) address of the node is in "
            + "\(ranges.map(\.description).joined(separator: ", ")): node ports do not answer on \(family.kubernetesName)"
    }
}

extension ClusterObjects {
    /// The families that Services have addresses of.
    package var serviceFamilies: Set<IPFamily> {
        Set(
            IPFamily.allCases.filter { family in
                services.values.contains { !$0.ports.isEmpty && $0.skipReason(family) == nil }
            })
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import XTables

/// The rules that kube-proxy 1.36 writes in its mode iptables, rule for rule (pkg/proxy/iptables/proxier.go).
///
///     built-in chains ──► KUBE-SERVICES ──► KUBE-SVC-… ──► KUBE-SEP-… ──► DNAT
///                              └──► KUBE-NODEPORTS ──► KUBE-EXT-… ──┘
///
/// A chain of its own for each endpoint, one for each way to choose among endpoints, and chains that all Services share.
package struct KubeProxyLayout: RuleLayout {
    let settings: FamilySettings
    var retries = RetryRules()

    package static let usualAffinityMode = AffinityMode.recent

    package init(settings: FamilySettings) { self.settings = settings }

    /// KUBE-FIREWALL is shared with the kubelet.
    ///
    /// KUBE-XLB-*, KUBE-MARK-DROP, KUBE-KUBELET-CANARY and KUBE-IPTABLES-HINT
    /// are the kubelet's or of releases long gone (cleanup.go).
    package static let ownership = ChainOwnership(
        [
            .nat: ChainOwnership.TableEntry(
                names: Set(KubeProxyChains.all(in: .nat)), prefixes: ServicePortChains.Prefix.all.map(\.description)),
            .filter: ChainOwnership.TableEntry(
                names: Set(KubeProxyChains.all(in: .filter) + RetryRules.all).subtracting([KubeProxyChains.firewall]),
                shared: [KubeProxyChains.firewall]),
        ],
        jumpComments: Set(KubeProxyJumpComment.allCases.map(\.rawValue) + [RetryRules.jumpComment]))

    package func compile(_ entry: ServicePortEndpoints, isLargeCluster: Bool) -> CompiledServicePort {
        ServicePortCompiler(entry, settings: settings, isLargeCluster: isLargeCluster, form: Self.form)
            .compile(for: Self.self)
    }

    private static let form = ServicePortForm(
        clusterIPs: KubeProxyChains.services, marksInOwnChains: true, commentsInOwnChains: true,
        balancing: { EndpointChainBalancer($0) })

    package mutating func begin(with servicePorts: [CompiledServicePort]) { retries.begin(with: servicePorts) }

    package mutating func replace(_ old: CompiledServicePort?, by new: CompiledServicePort?) -> TouchedChains {
        var touched = touchedChains(from: old, to: new)
        let retryChains = retries.replace(old, by: new)
        if !retryChains.isEmpty { touched[.filter, default: []].formUnion(retryChains) }
        return touched
    }

    package func sharedChains(in table: Table, of servicePorts: [CompiledServicePort]) -> [Chain] {
        let chains = KubeProxyChains.all(in: table).map { name in
            Chain(
                name: name, rules: servicePorts.rules(of: name, in: table) + fixedRules(of: name, in: table),
                origin: .base(KubeProxyChains.purpose(of: name)))
        }
        return table == .filter ? chains + retries.chains(of: servicePorts) : chains
    }
}

extension ServicePortOrigin {
    convenience init(_ name: ServicePortName, endpoints: [AddressPort] = []) {
        self.init(
            namespace: name.namespace, service: name.service, port: name.port, transport: name.transport,
            endpoints: endpoints)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Host
import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

/// Checks the host for what makes our rules do less, or other things, than they should.
package struct HostCheck: Sendable {
    private let host: any Host

    package init(_ host: any Host) { self.host = host }

    /// Warnings about rules of another backend, about lists of session affinity that are too short, and about a balance policy that
    /// the kernel cannot follow.
    ///
    /// Blocks the calling thread, and takes up to a few seconds where `nft` is slow.
    ///
    /// - Parameter servicePorts: all service ports of the family.
    package func warnings(_ family: IPFamily, _ servicePorts: [CompiledServicePort]) -> [String] {
        otherBackendWarnings(family) + affinityWarnings(family, servicePorts) + hashWarnings(family, servicePorts)
    }

    /// Chains of a kube-proxy in nf_tables, where `iptables-nft` puts them: both sets of rules would act.
    private func otherBackendWarnings(_ family: IPFamily) -> [String] {
        do throws(HostProgram.Failure) {
            let chains = Self.kubeProxyChains(try host.nftablesChains(family))
            guard !chains.isEmpty else { return [] }
            let tool = family == .ipv4 ? "iptables-nft" : "ip6tables-nft"
            return [
                "\(family.kubernetesName): nf_tables has kube-proxy chains as well (\(Self.shortened(chains))), and both "
                    + "sets of rules act on every packet; if another proxy left them behind, remove them with \(tool)"
            ]
        } catch .stopped {
            return []
        } catch {
            return ["\(family.kubernetesName): cannot check nf_tables for kube-proxy chains: \(error)"]
        }
    }

    /// The names of the chains of a kube-proxy in iptables mode, sorted, each once; the kubelet has its own wherever iptables
    /// is iptables-nft.
    private static func kubeProxyChains(_ chains: [NFTablesChain]) -> [String] {
        Set(chains.map(\.name).filter(Leftovers.isOfKubeProxy)).sorted()
    }

    private func affinityWarnings(_ family: IPFamily, _ servicePorts: [CompiledServicePort]) -> [String] {
        let sticky = servicePorts.filter { $0.affinityMode == .recent }
        guard !sticky.isEmpty else { return [] }
        let names = sticky.map(\.name.description)
        let match = ClientShare.matchName(family)
        let remedy =
            (host.hashesClients.contains(family) ? "" : "with the module xt_\(match), which the kernel lacks, ")
            + "--session-affinity-mode hash has no such limit"
        let capacity =
            "session affinity of \(Self.shortened(names)) remembers at most \(host.recentListCapacity) clients per "
            + "endpoint (module parameter ip_list_tot of xt_recent); further clients lose affinity; "
            + remedy
        let full = Set(host.fullRecentLists)
        let losing = sticky.compactMap { servicePort -> String? in
            let lists = servicePort.affinityLists.map(\.description).filter(full.contains)
            guard !lists.isEmpty else { return nil }
            return
                "session affinity of \(servicePort.name) is losing clients now: the lists \(Self.shortened(lists)) in "
                + "/proc/net/xt_recent are full"
        }
        let lists = sticky.reduce(0) { $0 + $1.affinityLists.count }
        let slow =
            lists > Self.manyLists
            ? [
                "\(lists) lists of recent clients slow each change down, since the kernel searches one row of all lists "
                    + "for each rule; \(remedy)"
            ] : []
        return [capacity] + slow + losing
    }

    /// Services that should choose by a hash of the client's address, which the kernel cannot make.
    private func hashWarnings(_ family: IPFamily, _ servicePorts: [CompiledServicePort]) -> [String] {
        let names = servicePorts.filter(\.missesSourceHash).map(\.name.description)
        guard !names.isEmpty else { return [] }
        let match = ClientShare.matchName(family)
        return [
            "\(family.kubernetesName): connections of \(Self.shortened(names)) are balanced at random instead of by source-hash: "
                + "the kernel has no match \"\(match)\"; load the module xt_\(match)"
        ]
    }

    /// From here on the lookup of lists takes a noticeable part of a commit: it grows with the square of their number.
    private static let manyLists = 200

    /// The first names of a list, and how many there are besides.
    private static func shortened(_ names: [String]) -> String {
        let shown = names.prefix(3).joined(separator: ", ")
        return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
    }
}

import KernelTables
import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

/// Warnings about what is around our tables.
public enum Surroundings {
    /// Rules of another backend, and lists of session affinity that may be too short.
    ///
    /// - Parameters:
    ///   - family: the family.
    ///   - servicePorts: all service ports of the family.
    public static func warnings(_ family: IPFamily, _ servicePorts: [CompiledServicePort]) -> [String] {
        otherBackendWarnings(family) + affinityWarnings(servicePorts)
    }

    /// Chains of a kube-proxy in nf_tables: both sets of rules would act.
    public static func otherBackendWarnings(_ family: IPFamily) -> [String] {
        let chains = OtherBackend.kubeProxyChains(family)
        guard !chains.isEmpty else { return [] }
        let tool = family == .ipv4 ? "iptables-nft" : "ip6tables-nft"
        return [
            "\(family.kubernetesName): nf_tables has chains of a kube-proxy too (\(shortened(chains))), and both act on "
                + "every packet; if they are left over from another proxy, remove them with \(tool)"
        ]
    }

    private static func affinityWarnings(_ servicePorts: [CompiledServicePort]) -> [String] {
        let sticky = servicePorts.filter { $0.servicePort.sessionAffinity != .none }
        guard !sticky.isEmpty else { return [] }
        let names = sticky.map(\.name.description)
        let capacity =
            "session affinity of \(shortened(names)) remembers at most \(RecentLists.capacity()) clients per endpoint "
            + "(module parameter ip_list_tot of xt_recent); clients beyond that are balanced anew"
        let full = Set(RecentLists.fullLists())
        let losing = sticky.compactMap { servicePort -> String? in
            let lists = servicePort.affinityLists.map(\.description).filter(full.contains)
            guard !lists.isEmpty else { return nil }
            return "session affinity of \(servicePort.name) is losing clients now: the lists \(shortened(lists)) in "
                + "/proc/net/xt_recent are full"
        }
        return [capacity] + losing
    }

    /// The first names of a list, and how many there are besides.
    private static func shortened(_ names: [String]) -> String {
        let shown = names.prefix(3).joined(separator: ", ")
        return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
    }
}

import KernelTables
import NetworkTypes
import RuleCompiler
import ServiceModel
import XTables

/// Warnings about what is around our tables.
enum Surroundings {
    /// Warns about rules of another backend, and about lists of session affinity that may be too short.
    static func warn(_ family: IPFamily, _ compilation: Compilation) {
        warnOfOtherBackend(family)
        let sticky = compilation.servicePorts.filter { $0.servicePort.sessionAffinity != .none }.map(\.name.description)
        guard !sticky.isEmpty else { return }
        Console.say(
            "warning: session affinity of \(shortened(sticky)) remembers at most \(RecentLists.capacity()) clients per "
                + "endpoint (module parameter ip_list_tot of xt_recent); clients beyond that are balanced anew")
        let full = Set(RecentLists.fullLists())
        for servicePort in compilation.servicePorts {
            let lists = servicePort.affinityLists.map(\.description).filter(full.contains)
            guard !lists.isEmpty else { continue }
            Console.say(
                "warning: session affinity of \(servicePort.name) is losing clients now: the lists "
                    + "\(shortened(lists)) in /proc/net/xt_recent are full")
        }
    }

    /// Warns about KUBE-* chains in nf_tables: both sets of rules would act.
    static func warnOfOtherBackend(_ family: IPFamily) {
        let chains = OtherBackend.kubernetesChains(family)
        guard !chains.isEmpty else { return }
        let tool = family == .ipv4 ? "iptables-nft" : "ip6tables-nft"
        Console.say(
            "warning: \(family.kubernetesName): nf_tables has chains of Kubernetes too (\(shortened(chains))), and both "
                + "act on every packet; if they are left over from another proxy, remove them with \(tool)")
    }

    /// The first names of a list, and how many there are besides.
    private static func shortened(_ names: [String]) -> String {
        let shown = names.prefix(3).joined(separator: ", ")
        return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
    }
}

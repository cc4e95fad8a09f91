import Glibc
import NetworkTypes
import XTables

/// The other place where iptables rules can be: nf_tables, where `iptables-nft` puts them.
///
/// Both are asked for each packet, so chains of a kube-proxy that uses the other backend act beside ours.
public enum OtherBackend {
    /// The chains of a kube-proxy in nf_tables, in the network namespace of the calling thread, sorted, each name once.
    ///
    /// Those that the kubelet makes there for itself are not among them: each node has them whose iptables is iptables-nft,
    /// and they do nothing to Services.
    ///
    /// Asks `nft`, which only lists; `iptables-nft-save` would make the tables it looks for. Chains of kube-proxy's
    /// nftables mode are not among them, they have other names.
    ///
    /// - Returns: none as well if there is no program `nft`, or it may not look.
    public static func kubeProxyChains(_ family: IPFamily) -> [String] {
        let command =
            switch family {
            case .ipv4: "nft list chains ip 2>/dev/null"
            case .ipv6: "nft list chains ip6 2>/dev/null"
            }
        guard let stream = popen(command, "r") else { return [] }
        defer { pclose(stream) }
        var names: Set<String> = []
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        while getline(&line, &capacity, stream) > 0, let text = line {
            // A line of interest reads: chain KUBE-SERVICES {
            let words = String(cString: text).split { $0 == " " || $0 == "\t" || $0 == "\n" }
            if words.count >= 2, words[0] == "chain", words[1].hasPrefix("KUBE-") { names.insert(String(words[1])) }
        }
        return names.subtracting(kubeletChains).sorted()
    }

    /// pkg/kubelet/kubelet_network_linux.go; until Kubernetes 1.28 the kubelet made the last three, too (KEP-3178).
    private static let kubeletChains: Set<String> = [
        "KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY", "KUBE-FIREWALL", "KUBE-MARK-DROP", "KUBE-MARK-MASQ",
        "KUBE-POSTROUTING",
    ]
}

import KubernetesObjects
import NetworkTypes
import RuleCompiler

extension ProxyOptions {
    /// The options in force as a KubeProxyConfiguration, in JSON under the key that kube-proxy's `/configz` has.
    ///
    /// What kubetables does not follow is not in it.
    public var configurationJSON: String {
        DocumentValue.object(["kubeproxy.config.k8s.io": .object(configuration)]).json + "\n"
    }

    private var configuration: DocumentObject {
        [
            "apiVersion": .string(KubeProxyConfiguration.apiVersion),
            "kind": .string("KubeProxyConfiguration"),
            "mode": .string("iptables"),
            "hostnameOverride": .string(hostname ?? ""),
            "clientConnection": .object(["kubeconfig": .string(kubeconfig ?? "")]),
            "clusterCIDR": .string((clusterCIDRs ?? []).map(\.description).joined(separator: ",")),
            "detectLocalMode": .string((detectLocalMode ?? .clusterCIDR).rawValue),
            "detectLocal": .object([
                "bridgeInterface": .string(podBridgeInterface ?? ""),
                "interfaceNamePrefix": .string(podInterfaceNamePrefix ?? ""),
            ]),
            "nodePortAddresses": .array(nodePortAddressTexts.map(DocumentValue.string)),
            "iptables": .object([
                "masqueradeAll": .bool(masqueradeAll ?? false),
                "masqueradeBit": .integer(Int64(masqueradeBit ?? 14)),
                "localhostNodePorts": .bool(localhostNodePorts ?? true),
                "syncPeriod": .string(DurationText.text(effectiveSyncPeriod)),
                "minSyncPeriod": .string(DurationText.text(effectiveMinimumSyncPeriod)),
            ]),
        ]
    }

    private var nodePortAddressTexts: [String] {
        switch nodePortAddresses {
        case nil: []
        case .primary: ["primary"]
        case .ranges(let ranges): ranges.map(\.description)
        }
    }
}

/// A KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1) as far as kubetables follows it.
///
/// Absent and empty fields are `nil`: kube-proxy treats both alike.
public struct KubeProxyConfiguration: Sendable, Hashable {
    /// `hostnameOverride`.
    public var hostnameOverride: String?
    /// `clusterCIDR`: ranges separated by commas.
    public var clusterCIDR: String?
    /// `detectLocalMode`.
    public var detectLocalMode: String?
    /// `detectLocal.bridgeInterface`.
    public var bridgeInterface: String?
    /// `detectLocal.interfaceNamePrefix`.
    public var interfaceNamePrefix: String?
    /// `nodePortAddresses`.
    public var nodePortAddresses: [String]?
    /// `iptables.masqueradeAll`.
    public var masqueradeAll: Bool?
    /// `iptables.masqueradeBit`.
    public var masqueradeBit: Int64?
    /// `iptables.localhostNodePorts`.
    public var localhostNodePorts: Bool?
    /// `iptables.syncPeriod`; zero is absent, too.
    public var syncPeriod: Duration?
    /// `iptables.minSyncPeriod`; zero is absent, too.
    public var minSyncPeriod: Duration?
    /// `conntrack.tcpBeLiberal`.
    public var conntrackTCPBeLiberal: Bool?
    /// `conntrack.maxPerCore`.
    public var conntrackMaxPerCore: Int64?
    /// `conntrack.min`.
    public var conntrackMin: Int64?
    /// `conntrack.tcpEstablishedTimeout`.
    public var conntrackTCPEstablishedTimeout: Duration?
    /// `conntrack.tcpCloseWaitTimeout`.
    public var conntrackTCPCloseWaitTimeout: Duration?
    /// `conntrack.udpTimeout`.
    public var conntrackUDPTimeout: Duration?
    /// `conntrack.udpStreamTimeout`.
    public var conntrackUDPStreamTimeout: Duration?
    /// `clientConnection.kubeconfig`.
    public var kubeconfig: String?
    /// `healthzBindAddress`.
    public var healthzBindAddress: String?
    /// `metricsBindAddress`.
    public var metricsBindAddress: String?

    /// A configuration that says nothing.
    public init() {}

    /// The API group and version that is read.
    public static let apiVersion = "kubeproxy.config.k8s.io/v1alpha1"
    private static let kind = "KubeProxyConfiguration"
    /// The keys under which kubeadm and others put the configuration into a ConfigMap.
    private static let configMapKeys = ["config.conf", "config.yaml", "config"]

    /// Reads a configuration from a file: the object itself, or a ConfigMap that holds it, as kubeadm writes it.
    ///
    /// Unknown fields are warned about and passed over.
    ///
    /// - Returns: `nil` if the file cannot be read or holds no configuration; `log` says why.
    public static func read(path: String, log: inout DiagnosticLog) -> KubeProxyConfiguration? {
        do throws(InputFiles.Failure) {
            return read(try InputFiles.content(of: path), file: path, log: &log)
        } catch {
            log.add(Diagnostic(.error, file: error.path, message: error.message))
            return nil
        }
    }

    /// Reads a configuration from a text.
    static func read(_ text: [UInt8], file: String, log: inout DiagnosticLog) -> KubeProxyConfiguration? {
        var found: [KubeProxyConfiguration] = []
        var diagnostics: [Diagnostic] = []
        text.withUnsafeBufferPointer { bytes in
            DocumentStream.read(bytes) { document in
                let origin = ObjectOrigin(file: file, document: document.number, line: document.line)
                switch document.content {
                case .success(.null):
                    break
                case .success(let value):
                    var reader = FieldReader(kind: value.object?["kind"]?.string, origin: origin)
                    if let configuration = read(value, &reader) { found.append(configuration) }
                    diagnostics += reader.diagnostics
                case .failure(let error):
                    diagnostics.append(
                        Diagnostic(
                            .error, file: file, origin: origin, line: error.line, column: error.column,
                            message: error.message))
                }
            }
        }
        if diagnostics.isEmpty, found.count != 1 {
            let what = found.isEmpty ? "holds no \(kind)" : "holds \(found.count) of \(kind)"
            diagnostics.append(Diagnostic(.error, file: file, message: "\(what); it must hold one"))
        }
        log.add(diagnostics)
        return diagnostics.contains { $0.severity == .error } ? nil : found.first
    }

    private static func read(_ value: DocumentValue, _ fields: inout FieldReader) -> KubeProxyConfiguration? {
        guard let object = fields.object(value) else { return nil }
        switch (object["apiVersion"]?.string, object["kind"]?.string) {
        case (apiVersion, kind):
            return KubeProxyConfiguration(object, &fields)
        case ("v1", "ConfigMap"):
            return readConfigMap(object, &fields)
        default:
            fields.error("is neither a \(kind) of \(apiVersion) nor a ConfigMap that holds one")
            return nil
        }
    }

    private static func readConfigMap(
        _ object: DocumentObject, _ fields: inout FieldReader
    ) -> KubeProxyConfiguration? {
        fields.inside("data", of: object) { fields, data in
            guard let key = configMapKeys.first(where: { data[$0] != nil }) else {
                fields.error("has none of the keys \(configMapKeys.joined(separator: ", "))")
                return nil
            }
            guard let text = fields.optional(key, of: data, { $0.text($1) }) else { return nil }
            var log = DiagnosticLog()
            let configuration = read(Array(text.utf8), file: "\(fields.origin.file), \(key)", log: &log)
            fields.adopt(log.diagnostics)
            return configuration
        }
    }

    private init(_ object: DocumentObject, _ fields: inout FieldReader) {
        fields.warnOfUnknownFields(of: object, known: Self.knownFields)
        hostnameOverride = fields.filledText("hostnameOverride", of: object)
        clusterCIDR = fields.filledText("clusterCIDR", of: object)
        detectLocalMode = fields.filledText("detectLocalMode", of: object)
        healthzBindAddress = fields.filledText("healthzBindAddress", of: object)
        metricsBindAddress = fields.filledText("metricsBindAddress", of: object)
        let addresses = fields.list("nodePortAddresses", of: object) { $0.text($1) }
        nodePortAddresses = addresses.isEmpty ? nil : addresses
        fields.inside("detectLocal", of: object) { fields, detectLocal in
            fields.warnOfUnknownFields(of: detectLocal, known: ["bridgeInterface", "interfaceNamePrefix"])
            bridgeInterface = fields.filledText("bridgeInterface", of: detectLocal)
            interfaceNamePrefix = fields.filledText("interfaceNamePrefix", of: detectLocal)
        }
        fields.inside("iptables", of: object) { fields, iptables in
            fields.warnOfUnknownFields(of: iptables, known: Self.knownIptablesFields)
            masqueradeAll = fields.optional("masqueradeAll", of: iptables) { $0.boolean($1) }
            masqueradeBit = fields.optional("masqueradeBit", of: iptables) { $0.integer($1) }
            localhostNodePorts = fields.optional("localhostNodePorts", of: iptables) { $0.boolean($1) }
            syncPeriod = fields.filledDuration("syncPeriod", of: iptables)
            minSyncPeriod = fields.filledDuration("minSyncPeriod", of: iptables)
        }
        fields.inside("conntrack", of: object) { fields, conntrack in
            fields.warnOfUnknownFields(of: conntrack, known: Self.knownConntrackFields)
            conntrackTCPBeLiberal = fields.optional("tcpBeLiberal", of: conntrack) { $0.boolean($1) }
            conntrackMaxPerCore = fields.optional("maxPerCore", of: conntrack) { $0.integer($1) }
            conntrackMin = fields.optional("min", of: conntrack) { $0.integer($1) }
            conntrackTCPEstablishedTimeout = fields.optional("tcpEstablishedTimeout", of: conntrack) { $0.duration($1) }
            conntrackTCPCloseWaitTimeout = fields.optional("tcpCloseWaitTimeout", of: conntrack) { $0.duration($1) }
            conntrackUDPTimeout = fields.optional("udpTimeout", of: conntrack) { $0.duration($1) }
            conntrackUDPStreamTimeout = fields.optional("udpStreamTimeout", of: conntrack) { $0.duration($1) }
        }
        fields.inside("clientConnection", of: object) { fields, connection in
            kubeconfig = fields.filledText("kubeconfig", of: connection)
        }
    }

    // All fields of the kind, those without influence on rules included.
    private static let knownFields: Set<String> = [
        "apiVersion", "kind", "metadata", "featureGates", "clientConnection", "logging", "hostnameOverride",
        "bindAddress", "healthzBindAddress", "metricsBindAddress", "bindAddressHardFail", "enableProfiling",
        "showHiddenMetricsForVersion", "mode", "iptables", "ipvs", "nftables", "winkernel", "detectLocalMode",
        "detectLocal", "clusterCIDR", "nodePortAddresses", "oomScoreAdj", "conntrack", "configSyncPeriod", "portRange",
        "windowsRunAsService",
    ]
    private static let knownIptablesFields: Set<String> = [
        "masqueradeBit", "masqueradeAll", "localhostNodePorts", "syncPeriod", "minSyncPeriod",
    ]
    private static let knownConntrackFields: Set<String> = [
        "maxPerCore", "min", "tcpEstablishedTimeout", "tcpCloseWaitTimeout", "tcpBeLiberal", "udpTimeout",
        "udpStreamTimeout",
    ]
}

extension FieldReader {
    /// A text that may be absent; an empty one is.
    fileprivate mutating func filledText(_ key: String, of object: DocumentObject) -> String? {
        optional(key, of: object) { $0.text($1) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A duration that may be absent; zero is.
    fileprivate mutating func filledDuration(_ key: String, of object: DocumentObject) -> Duration? {
        optional(key, of: object) { $0.duration($1) }.flatMap { $0 == .zero ? nil : $0 }
    }

    fileprivate mutating func warnOfUnknownFields(of object: DocumentObject, known: Set<String>) {
        for member in object.members where !known.contains(member.key) {
            atField(member.key) { $0.warning("is no field of KubeProxyConfiguration and is passed over") }
        }
    }
}

import Documents
import KubernetesObjects

/// What kube-proxy takes and nothing depends on here.
extension ProxyOption {
    /// Every option there is.
    public static let all =
        node + loop + connectionTracking + api + logging + surroundings + otherModes

    package static let featureGates = ProxyOption(
        flag: "feature-gates", field: "featureGates", .switches,
        effect: .none(because: "everything is as kube-proxy 1.36 has it with its gates untouched"))
    package static let contentType = ProxyOption(
        flag: "kube-api-content-type", field: "clientConnection.contentType", .text("type"),
        standard: "application/vnd.kubernetes.protobuf", effect: .none(because: apiSpeaksJSON),
        harmless: [.string("application/json")])
    package static let acceptContentTypes = ProxyOption(
        field: "clientConnection.acceptContentTypes", .text("types"), effect: .none(because: apiSpeaksJSON),
        harmless: [.string("application/json")])
    package static let queriesPerSecond = ProxyOption(
        flag: "kube-api-qps", field: "clientConnection.qps", .number, standard: 5,
        effect: .none(because: hardlyAnyRequest))
    package static let burst = ProxyOption(
        flag: "kube-api-burst", field: "clientConnection.burst",
        .integer("number", 0...Int(Int32.max), zeroSaysNothing: true), standard: 10,
        effect: .none(because: hardlyAnyRequest))
    package static let configSyncPeriod = ProxyOption(
        flag: "config-sync-period", field: "configSyncPeriod", .duration(zeroSaysNothing: true),
        standard: .seconds(15 * 60),
        effect: .none(because: "every change is told by a watch at once, so nothing has to be refreshed"))

    private static let apiSpeaksJSON = "the API is asked for JSON"
    private static let hardlyAnyRequest = "a few watches are all that the API is asked for, which need no limit"

    static let api = [
        featureGates, contentType, acceptContentTypes, queriesPerSecond, burst, configSyncPeriod,
    ]

    package static let flushFrequency = ProxyOption(
        flag: "log-flush-frequency", field: "logging.flushFrequency", .durationOrNanoseconds, standard: .seconds(5),
        effect: .none(because: linesAreNotKept))
    package static let levelsByFile = ProxyOption(
        flag: "vmodule", field: "logging.vmodule", .levelsByFile,
        effect: .none(because: "-v is for the whole program"))
    package static let textSplitStream = ProxyOption(
        flag: "log-text-split-stream", field: "logging.options.text.splitStream", .boolean, standard: false,
        effect: .none(because: logGoesToStandardError))
    package static let textInfoBufferSize = ProxyOption(
        flag: "log-text-info-buffer-size", field: "logging.options.text.infoBufferSize", .quantity, standard: "0",
        effect: .none(because: linesAreNotKept))
    package static let jsonSplitStream = ProxyOption(
        flag: "log-json-split-stream", field: "logging.options.json.splitStream", .boolean, standard: false,
        effect: .none(because: logGoesToStandardError))
    package static let jsonInfoBufferSize = ProxyOption(
        flag: "log-json-info-buffer-size", field: "logging.options.json.infoBufferSize", .quantity, standard: "0",
        effect: .none(because: linesAreNotKept))
    package static let logToStandardError = ProxyOption(
        flag: "logtostderr", .boolean, standard: true, effect: .none(because: logGoesToStandardError))
    package static let alsoLogToStandardError = ProxyOption(
        flag: "alsologtostderr", .boolean, standard: false, effect: .none(because: logGoesToStandardError),
        harmless: [.bool(true)])
    package static let standardErrorThreshold = ProxyOption(
        flag: "stderrthreshold", .text("severity"), standard: "2", effect: .none(because: logGoesToStandardError),
        harmless: ["ERROR", "INFO", "0"].map(DocumentValue.string))
    package static let logDirectory = ProxyOption(
        flag: "log-dir", .text("path"), effect: .none(because: logGoesToStandardError))
    package static let logFile = ProxyOption(
        flag: "log-file", .text("path"), effect: .none(because: logGoesToStandardError))
    package static let logFileMaxSize = ProxyOption(
        flag: "log-file-max-size", .text("megabytes"), standard: "1800", effect: .none(because: logGoesToStandardError))
    package static let logBacktraceAt = ProxyOption(
        flag: "log-backtrace-at", .text("file:line"), standard: ":0", effect: .none(because: "there are no backtraces"))
    package static let addDirectoryHeader = ProxyOption(
        flag: "add-dir-header", .boolean, standard: false, effect: .none(because: linesHaveOneForm))
    package static let oneOutput = ProxyOption(
        flag: "one-output", .boolean, standard: false, effect: .none(because: logGoesToStandardError),
        harmless: [.bool(true)])
    package static let skipHeaders = ProxyOption(
        flag: "skip-headers", .boolean, standard: false, effect: .none(because: linesHaveOneForm))
    package static let skipLogHeaders = ProxyOption(
        flag: "skip-log-headers", .boolean, standard: false, effect: .none(because: logGoesToStandardError),
        harmless: [.bool(true)])

    private static let logGoesToStandardError = "the log goes to standard error, and nowhere else"
    private static let linesAreNotKept = "every line is written at once"
    private static let linesHaveOneForm = "lines of the log have one form"

    static let logging = [
        flushFrequency, levelsByFile, textSplitStream, textInfoBufferSize, jsonSplitStream, jsonInfoBufferSize,
        logToStandardError, alsoLogToStandardError, standardErrorThreshold, logDirectory, logFile, logFileMaxSize,
        logBacktraceAt, addDirectoryHeader, oneOutput, skipHeaders, skipLogHeaders,
    ]

    package static let profiling = ProxyOption(
        flag: "profiling", field: "enableProfiling", .boolean, standard: false,
        effect: .none(because: "there are no pages of a profiler"))
    package static let hiddenMetrics = ProxyOption(
        flag: "show-hidden-metrics-for-version", field: "showHiddenMetricsForVersion", .text("version"),
        effect: .none(because: "no metric is hidden"))
    package static let portRange = ProxyOption(
        flag: "proxy-port-range", field: "portRange", .text("range"), effect: .unused)

    static let surroundings = [profiling, hiddenMetrics, portRange]
}

/// Options of kube-proxy's other modes, which it does not look at in iptables mode either.
extension ProxyOption {
    package static let ipvsSyncPeriod = ProxyOption(
        flag: "ipvs-sync-period", field: "ipvs.syncPeriod", .duration(zeroSaysNothing: true), standard: .seconds(30),
        effect: .unused)
    package static let ipvsMinSyncPeriod = ProxyOption(
        flag: "ipvs-min-sync-period", field: "ipvs.minSyncPeriod", .duration(), effect: .unused)
    package static let ipvsScheduler = ProxyOption(
        flag: "ipvs-scheduler", field: "ipvs.scheduler", .text("name"), effect: .unused)
    package static let ipvsExcludeCIDRs = ProxyOption(
        flag: "ipvs-exclude-cidrs", field: "ipvs.excludeCIDRs", .texts("cidr"), effect: .unused)
    package static let ipvsStrictARP = ProxyOption(
        flag: "ipvs-strict-arp", field: "ipvs.strictARP", .boolean, standard: false, effect: .unused)
    package static let ipvsTCPTimeout = ProxyOption(
        flag: "ipvs-tcp-timeout", field: "ipvs.tcpTimeout", .duration(), effect: .unused)
    package static let ipvsTCPFinTimeout = ProxyOption(
        flag: "ipvs-tcpfin-timeout", field: "ipvs.tcpFinTimeout", .duration(), effect: .unused)
    package static let ipvsUDPTimeout = ProxyOption(
        flag: "ipvs-udp-timeout", field: "ipvs.udpTimeout", .duration(), effect: .unused)

    package static let otherModes =
        [
            ipvsSyncPeriod, ipvsMinSyncPeriod, ipvsScheduler, ipvsExcludeCIDRs, ipvsStrictARP, ipvsTCPTimeout,
            ipvsTCPFinTimeout, ipvsUDPTimeout,
        ] + filesOnly

    private static let filesOnly = [
        ProxyOption(field: "nftables.masqueradeBit", .markBit, standard: 14, effect: .unused),
        ProxyOption(field: "nftables.masqueradeAll", .boolean, standard: false, effect: .unused),
        ProxyOption(
            field: "nftables.syncPeriod", .duration(zeroSaysNothing: true), standard: .seconds(30), effect: .unused),
        ProxyOption(
            field: "nftables.minSyncPeriod", .duration(zeroSaysNothing: true), standard: .seconds(1), effect: .unused),
        ProxyOption(field: "winkernel.networkName", .text("name"), effect: .unused),
        ProxyOption(field: "winkernel.sourceVip", .text("address"), effect: .unused),
        ProxyOption(field: "winkernel.enableDSR", .boolean, standard: false, effect: .unused),
        ProxyOption(field: "winkernel.rootHnsEndpointName", .text("name"), effect: .unused),
        ProxyOption(field: "winkernel.forwardHealthCheckVip", .boolean, standard: false, effect: .unused),
        ProxyOption(field: "windowsRunAsService", .boolean, standard: false, effect: .unused),
    ]
}

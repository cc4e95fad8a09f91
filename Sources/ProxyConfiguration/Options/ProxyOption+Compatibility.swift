// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects

/// Options of kube-proxy without an effect here.
extension ProxyOption {
    /// All options.
    package static let all =
        node + loop + failure + connectionTracking + api + logging + process + otherModes

    package static let featureGates = ProxyOption(
        flag: "feature-gates", field: "featureGates", .switches,
        effect: .none(because: "kubetables behaves as kube-proxy 1.36 with the default feature gates"))
    package static let contentType = ProxyOption(
        flag: "kube-api-content-type", field: "clientConnection.contentType", .text("type"),
        defaultValue: "application/vnd.kubernetes.protobuf", effect: .none(because: apiUsesJSON),
        valuesWithoutWarning: [.string("application/json")])
    package static let acceptContentTypes = ProxyOption(
        field: "clientConnection.acceptContentTypes", .text("types"), effect: .none(because: apiUsesJSON),
        valuesWithoutWarning: [.string("application/json")])
    package static let queriesPerSecond = ProxyOption(
        flag: "kube-api-qps", field: "clientConnection.qps", .number, defaultValue: 5,
        effect: .none(because: requestsAreFew))
    package static let burst = ProxyOption(
        flag: "kube-api-burst", field: "clientConnection.burst",
        .integer("number", noun: "number of requests", 0...Int(Int32.max), zeroMeansDefault: true), defaultValue: 10,
        effect: .none(because: requestsAreFew))
    package static let configSyncPeriod = ProxyOption(
        flag: "config-sync-period", field: "configSyncPeriod", .duration(zeroMeansDefault: true),
        defaultValue: .seconds(15 * 60),
        effect: .none(because: "watches deliver each change at once, nothing needs to be refreshed"))

    private static let apiUsesJSON = "kubetables reads JSON from the API"
    private static let requestsAreFew = "kubetables opens a few watches only, which need no rate limit"

    static let api = [
        featureGates, contentType, acceptContentTypes, queriesPerSecond, burst, configSyncPeriod,
    ]

    package static let flushFrequency = ProxyOption(
        flag: "log-flush-frequency", field: "logging.flushFrequency", .durationOrNanoseconds, defaultValue: .seconds(5),
        effect: .none(because: linesAreNotBuffered))
    package static let levelsByFile = ProxyOption(
        flag: "vmodule", field: "logging.vmodule", .levelsByFile,
        effect: .none(because: "-v applies to the whole program"))
    package static let textSplitStream = ProxyOption(
        flag: "log-text-split-stream", field: "logging.options.text.splitStream", .boolean, defaultValue: false,
        effect: .none(because: logGoesToStandardError))
    package static let textInfoBufferSize = ProxyOption(
        flag: "log-text-info-buffer-size", field: "logging.options.text.infoBufferSize", .quantity, defaultValue: "0",
        effect: .none(because: linesAreNotBuffered))
    package static let jsonSplitStream = ProxyOption(
        flag: "log-json-split-stream", field: "logging.options.json.splitStream", .boolean, defaultValue: false,
        effect: .none(because: logGoesToStandardError))
    package static let jsonInfoBufferSize = ProxyOption(
        flag: "log-json-info-buffer-size", field: "logging.options.json.infoBufferSize", .quantity, defaultValue: "0",
        effect: .none(because: linesAreNotBuffered))
    package static let logToStandardError = ProxyOption(
        flag: "logtostderr", .boolean, defaultValue: true, effect: .none(because: logGoesToStandardError))
    package static let alsoLogToStandardError = ProxyOption(
        flag: "alsologtostderr", .boolean, defaultValue: false, effect: .none(because: logGoesToStandardError),
        valuesWithoutWarning: [.bool(true)])
    package static let standardErrorThreshold = ProxyOption(
        flag: "stderrthreshold", .text("severity"), defaultValue: "2", effect: .none(because: logGoesToStandardError),
        valuesWithoutWarning: ["ERROR", "INFO", "0"].map(DocumentValue.string))
    package static let logDirectory = ProxyOption(
        flag: "log-dir", .text("path"), effect: .none(because: logGoesToStandardError))
    package static let logFile = ProxyOption(
        flag: "log-file", .text("path"), effect: .none(because: logGoesToStandardError))
    package static let logFileMaxSize = ProxyOption(
        flag: "log-file-max-size", .text("megabytes"), defaultValue: "1800",
        effect: .none(because: logGoesToStandardError))
    package static let logBacktraceAt = ProxyOption(
        flag: "log-backtrace-at", .text("file:line"), defaultValue: ":0",
        effect: .none(because: "backtraces are not supported"))
    package static let addDirectoryHeader = ProxyOption(
        flag: "add-dir-header", .boolean, defaultValue: false, effect: .none(because: linesHaveOneFormat))
    package static let oneOutput = ProxyOption(
        flag: "one-output", .boolean, defaultValue: false, effect: .none(because: logGoesToStandardError),
        valuesWithoutWarning: [.bool(true)])
    package static let skipHeaders = ProxyOption(
        flag: "skip-headers", .boolean, defaultValue: false, effect: .none(because: linesHaveOneFormat))
    package static let skipLogHeaders = ProxyOption(
        flag: "skip-log-headers", .boolean, defaultValue: false, effect: .none(because: logGoesToStandardError),
        valuesWithoutWarning: [.bool(true)])

    private static let logGoesToStandardError = "the log goes to standard error only"
    private static let linesAreNotBuffered = "each line is written at once, without a buffer"
    private static let linesHaveOneFormat = "log lines have one format"

    static let logging = [
        flushFrequency, levelsByFile, textSplitStream, textInfoBufferSize, jsonSplitStream, jsonInfoBufferSize,
        logToStandardError, alsoLogToStandardError, standardErrorThreshold, logDirectory, logFile, logFileMaxSize,
        logBacktraceAt, addDirectoryHeader, oneOutput, skipHeaders, skipLogHeaders,
    ]

    package static let profiling = ProxyOption(
        flag: "profiling", field: "enableProfiling", .boolean, defaultValue: false,
        effect: .none(because: "profiling pages are not supported"))
    package static let hiddenMetrics = ProxyOption(
        flag: "show-hidden-metrics-for-version", field: "showHiddenMetricsForVersion", .text("version"),
        effect: .none(because: "no metric is hidden"))
    package static let portRange = ProxyOption(
        flag: "proxy-port-range", field: "portRange", .text("range"), effect: .noneInIPTablesMode)

    static let process = [profiling, hiddenMetrics, portRange]
}

/// Options of kube-proxy's other modes, which it ignores in iptables mode as well.
extension ProxyOption {
    package static let ipvsSyncPeriod = ProxyOption(
        flag: "ipvs-sync-period", field: "ipvs.syncPeriod", .duration(zeroMeansDefault: true),
        defaultValue: .seconds(30),
        effect: .noneInIPTablesMode)
    package static let ipvsMinSyncPeriod = ProxyOption(
        flag: "ipvs-min-sync-period", field: "ipvs.minSyncPeriod", .duration(), effect: .noneInIPTablesMode)
    package static let ipvsScheduler = ProxyOption(
        flag: "ipvs-scheduler", field: "ipvs.scheduler", .text("name"), effect: .noneInIPTablesMode)
    package static let ipvsExcludeCIDRs = ProxyOption(
        flag: "ipvs-exclude-cidrs", field: "ipvs.excludeCIDRs", .texts("cidr"), effect: .noneInIPTablesMode)
    package static let ipvsStrictARP = ProxyOption(
        flag: "ipvs-strict-arp", field: "ipvs.strictARP", .boolean, defaultValue: false, effect: .noneInIPTablesMode)
    package static let ipvsTCPTimeout = ProxyOption(
        flag: "ipvs-tcp-timeout", field: "ipvs.tcpTimeout", .duration(), effect: .noneInIPTablesMode)
    package static let ipvsTCPFinTimeout = ProxyOption(
        flag: "ipvs-tcpfin-timeout", field: "ipvs.tcpFinTimeout", .duration(), effect: .noneInIPTablesMode)
    package static let ipvsUDPTimeout = ProxyOption(
        flag: "ipvs-udp-timeout", field: "ipvs.udpTimeout", .duration(), effect: .noneInIPTablesMode)

    package static let otherModes =
        [
            ipvsSyncPeriod, ipvsMinSyncPeriod, ipvsScheduler, ipvsExcludeCIDRs, ipvsStrictARP, ipvsTCPTimeout,
            ipvsTCPFinTimeout, ipvsUDPTimeout,
        ] + filesOnly

    private static let filesOnly = [
        ProxyOption(field: "nftables.masqueradeBit", .markBit, defaultValue: 14, effect: .noneInIPTablesMode),
        ProxyOption(field: "nftables.masqueradeAll", .boolean, defaultValue: false, effect: .noneInIPTablesMode),
        ProxyOption(
            field: "nftables.syncPeriod", .duration(zeroMeansDefault: true), defaultValue: .seconds(30),
            effect: .noneInIPTablesMode),
        ProxyOption(
            field: "nftables.minSyncPeriod", .duration(zeroMeansDefault: true), defaultValue: .seconds(1),
            effect: .noneInIPTablesMode),
        ProxyOption(field: "winkernel.networkName", .text("name"), effect: .noneInIPTablesMode),
        ProxyOption(field: "winkernel.sourceVip", .text("address"), effect: .noneInIPTablesMode),
        ProxyOption(field: "winkernel.enableDSR", .boolean, defaultValue: false, effect: .noneInIPTablesMode),
        ProxyOption(field: "winkernel.rootHnsEndpointName", .text("name"), effect: .noneInIPTablesMode),
        ProxyOption(
            field: "winkernel.forwardHealthCheckVip", .boolean, defaultValue: false, effect: .noneInIPTablesMode),
        ProxyOption(field: "windowsRunAsService", .boolean, defaultValue: false, effect: .noneInIPTablesMode),
    ]
}

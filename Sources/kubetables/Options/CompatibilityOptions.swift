import ArgumentParser
import ProxyConfiguration

/// What command lines of kube-proxy may have and nothing depends on here; help shows it only if asked to
/// (`--help-hidden`).
struct CompatibilityOptions: ParsableArguments {
    @Option(.healthzPort) var healthzPort: Setting?
    @Option(.metricsPort) var metricsPort: Setting?
    @Option(.featureGates) var featureGates: [Setting] = []
    @Option(.contentType) var contentType: Setting?
    @Option(.queriesPerSecond) var queriesPerSecond: Setting?
    @Option(.burst) var burst: Setting?
    @Option(.configSyncPeriod) var configSyncPeriod: Setting?
    @Option(.profiling) var profiling: Setting?
    @Option(.hiddenMetrics) var hiddenMetrics: Setting?
    @Option(.portRange) var portRange: Setting?

    @Option(.flushFrequency) var flushFrequency: Setting?
    @Option(.levelsByFile) var levelsByFile: [Setting] = []
    @Option(.textSplitStream) var textSplitStream: Setting?
    @Option(.textInfoBufferSize) var textInfoBufferSize: Setting?
    @Option(.jsonSplitStream) var jsonSplitStream: Setting?
    @Option(.jsonInfoBufferSize) var jsonInfoBufferSize: Setting?
    @Option(.logToStandardError) var logToStandardError: Setting?
    @Option(.alsoLogToStandardError) var alsoLogToStandardError: Setting?
    @Option(.standardErrorThreshold) var standardErrorThreshold: Setting?
    @Option(.logDirectory) var logDirectory: Setting?
    @Option(.logFile) var logFile: Setting?
    @Option(.logFileMaxSize) var logFileMaxSize: Setting?
    @Option(.logBacktraceAt) var logBacktraceAt: Setting?
    @Option(.addDirectoryHeader) var addDirectoryHeader: Setting?
    @Option(.oneOutput) var oneOutput: Setting?
    @Option(.skipHeaders) var skipHeaders: Setting?
    @Option(.skipLogHeaders) var skipLogHeaders: Setting?

    @Option(.ipvsSyncPeriod) var ipvsSyncPeriod: Setting?
    @Option(.ipvsMinSyncPeriod) var ipvsMinSyncPeriod: Setting?
    @Option(.ipvsScheduler) var ipvsScheduler: Setting?
    @Option(.ipvsExcludeCIDRs) var ipvsExcludeCIDRs: [Setting] = []
    @Option(.ipvsStrictARP) var ipvsStrictARP: Setting?
    @Option(.ipvsTCPTimeout) var ipvsTCPTimeout: Setting?
    @Option(.ipvsTCPFinTimeout) var ipvsTCPFinTimeout: Setting?
    @Option(.ipvsUDPTimeout) var ipvsUDPTimeout: Setting?
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProxyConfiguration

/// Options of kube-proxy without an effect here; only `--help-hidden` shows them.
struct CompatibilityOptions: ParsableArguments {
    @Option(.healthzPort) var healthzPort: FlagValue?
    @Option(.metricsPort) var metricsPort: FlagValue?
    @Option(.featureGates) var featureGates: [FlagValue] = []
    @Option(.contentType) var contentType: FlagValue?
    @Option(.queriesPerSecond) var queriesPerSecond: FlagValue?
    @Option(.burst) var burst: FlagValue?
    @Option(.configSyncPeriod) var configSyncPeriod: FlagValue?
    @Option(.profiling) var profiling: FlagValue?
    @Option(.hiddenMetrics) var hiddenMetrics: FlagValue?
    @Option(.portRange) var portRange: FlagValue?

    @Option(.flushFrequency) var flushFrequency: FlagValue?
    @Option(.levelsByFile) var levelsByFile: [FlagValue] = []
    @Option(.textSplitStream) var textSplitStream: FlagValue?
    @Option(.textInfoBufferSize) var textInfoBufferSize: FlagValue?
    @Option(.jsonSplitStream) var jsonSplitStream: FlagValue?
    @Option(.jsonInfoBufferSize) var jsonInfoBufferSize: FlagValue?
    @Option(.logToStandardError) var logToStandardError: FlagValue?
    @Option(.alsoLogToStandardError) var alsoLogToStandardError: FlagValue?
    @Option(.standardErrorThreshold) var standardErrorThreshold: FlagValue?
    @Option(.logDirectory) var logDirectory: FlagValue?
    @Option(.logFile) var logFile: FlagValue?
    @Option(.logFileMaxSize) var logFileMaxSize: FlagValue?
    @Option(.logBacktraceAt) var logBacktraceAt: FlagValue?
    @Option(.addDirectoryHeader) var addDirectoryHeader: FlagValue?
    @Option(.oneOutput) var oneOutput: FlagValue?
    @Option(.skipHeaders) var skipHeaders: FlagValue?
    @Option(.skipLogHeaders) var skipLogHeaders: FlagValue?

    @Option(.ipvsSyncPeriod) var ipvsSyncPeriod: FlagValue?
    @Option(.ipvsMinSyncPeriod) var ipvsMinSyncPeriod: FlagValue?
    @Option(.ipvsScheduler) var ipvsScheduler: FlagValue?
    @Option(.ipvsExcludeCIDRs) var ipvsExcludeCIDRs: [FlagValue] = []
    @Option(.ipvsStrictARP) var ipvsStrictARP: FlagValue?
    @Option(.ipvsTCPTimeout) var ipvsTCPTimeout: FlagValue?
    @Option(.ipvsTCPFinTimeout) var ipvsTCPFinTimeout: FlagValue?
    @Option(.ipvsUDPTimeout) var ipvsUDPTimeout: FlagValue?
}

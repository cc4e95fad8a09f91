// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ConnectionTracking
import Glibc
import Host
import KernelTables
import KubernetesObjects
import Logging
import Monitoring
import NetworkTypes
import NodeTuning
import Proxy
import ProxyConfiguration
import ServiceLifecycle

/// `kubetables run`: keeps the kernel in sync until it is stopped.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Keep the kernel in sync with a directory of manifests or with a cluster, until stopped.",
        discussion: """
            Nothing is committed before all Services and EndpointSlices are known. Changes are collected for \
            --iptables-min-sync-period; only what changed is compiled again, and each table is changed in one commit. \
            Rules that another process removes are restored. SIGTERM and SIGINT end the program after the commit in \
            flight; the rules stay. SIGHUP, or a change of the file, reloads --config.

            Accepts every flag of kube-proxy, and is what a program called kube-proxy does. Flags without an effect here \
            are shown by --help-hidden.

            Without --manifests, --kubeconfig and --master, the pod's service account is used if there is one, else the \
            manifests in \(SourceOptions.defaultManifests).

            Example: kubetables run --manifests myapp/ --cluster-cidr 10.244.0.0/16
            """)

    @OptionGroup(title: "One-Shot Options") var oneShot: OneShotOptions
    @OptionGroup(title: "Source Options") var source: SourceOptions

    @Option(help: "The IP family of the rules. (default: both)")
    var ipFamily: IPFamily?

    @OptionGroup(title: "Node Options") var node: NodeOptions
    @OptionGroup var jumps: JumpOptions
    @OptionGroup(title: "Loop Options") var loopOptions: LoopOptions
    @OptionGroup(title: "Failing Endpoint Options") var failureOptions: FailureOptions
    @OptionGroup(title: "Connection Tracking Options") var connectionTracking: ConnectionTrackingOptions
    @OptionGroup(title: "Kernel Options") var kernel: KernelOptions
    @OptionGroup var owner: OwnerOptions
    @OptionGroup var compatibility: CompatibilityOptions

    var families: [IPFamily] { ipFamily.map { [$0] } ?? IPFamily.allCases }

    func run() async throws {
        if oneShot.cleanup == true {
            SignalWatch.release()
            // As in kube-proxy, it is not refused.
            Console.warn(owner.runningProxies(LinuxHost()).prefix(1).map { "\($0) and will make the rules again" })
            return try CleanupCommand.cleanUp(families, kernel.backend)
        }
        let signals = SignalWatch()
        let resolved: ResolvedOptions
        do throws(ResolvedOptions.Failure) {
            resolved = try resolveOptions()
        } catch {
            throw error.report()
        }
        let options = resolved.options
        if let path = oneShot.writeConfigTo {
            Console.report(resolved.diagnostics)
            return try OneShotOptions.write(options, to: path)
        }
        let logger = Logger(options)
        logger.report(resolved.diagnostics)
        for warning in options.warnings { logger.warning("\(warning)") }
        if oneShot.initOnly == true {
            return try OneShotOptions.tune(TuningOptions(options, families: families), logger)
        }
        try await serve(options, logger, signals)
    }

    private func serve(_ options: ProxyOptions, _ logger: Logger, _ signals: SignalWatch) async throws {
        let host = LinuxHost(stop: signals.stop)
        let nodeName = options.hostname ?? host.hostname
        let objects = try source.objectSource(options, nodeName: nodeName)
        try checkKernel()
        let lock = try owner.acquire(logger)
        defer { withExtendedLifetime(lock) {} }

        let subject = "\(objects) node=\(nodeName)"
        let tuner = NodeTuner(options, families: families, logger: logger)
        let status = StatusServers(
            options: options, traffic: loopOptions.trafficMetrics, families: families, logger: logger)
        let observer = Observers([LogObserver(logger, subject: subject), tuner] + status.observers)
        let loop = ProxyLoop(
            options: options, families: families, requiredKinds: objects.requiredKinds,
            backend: kernel.backend(stop: signals.stop),
            flows: StaleFlowCleanup(), connections: NetlinkConnections(), traffic: status.metrics.traffic, host: host,
            observer: observer)

        let servers = try await status.listen(
            options, loop: loop, families: families, source: "\(objects)", flags: ownFlags(objects))

        setOutOfMemoryScore(options, logger)
        NodeTuning.raiseOpenFileLimit()
        logger.info("starting: \(subject) version=\(kubetablesVersion)")
        let reload: @Sendable () async -> Void = {
            guard let options = reloadOptions(logger, current: options) else { return }
            await loop.reconfigure(options)
        }
        let tasks =
            [
                TaskService { await loop.run() },
                TaskService {
                    await objects.run(
                        logger: logger, observer: observer,
                        onContact: { status.metrics.proxy.recordContact(about: $0) },
                        onRequest: { status.metrics.proxy.count($0) }
                    ) { await loop.take($0) }
                },
                TaskService { await reloadOnRequest(signals, reload) },
                TaskService { await status.serviceHealth.run() },
            ] + servers
        try await ServiceGroup(tasks, logger: logger).run(until: signals)
        logger.info("stopped; the rules stay as they are")
    }

    /// Reports an error of the kernel once, at the start, if no family can be served.
    private func checkKernel() throws {
        var failures: [SyncError] = []
        for family in families {
            do {
                try kernel.backend.checkAccess(family)
                return
            } catch {
                failures.append(error)
            }
        }
        if let error = failures.first { throw Console.failure("\(error)", error.exitCode) }
    }

    /// Few processes may lower their score, so a failure is worth a warning only if the score was set by an option.
    private func setOutOfMemoryScore(_ options: ProxyOptions, _ logger: Logger) {
        let outcome = NodeTuning().setOutOfMemoryScore(options.effectiveOutOfMemoryScore)
        let isRequested = options.effectiveOutOfMemoryScore != ProxyOptions().effectiveOutOfMemoryScore
        logger.log(level: outcome.isFailure && isRequested ? .warning : .debug, "\(outcome)")
    }
}

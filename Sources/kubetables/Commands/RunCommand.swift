import ArgumentParser
import ConnectionTracking
import Glibc
import KernelTables
import KubernetesObjects
import Logging
import Monitoring
import NetworkTypes
import NodeTuning
import Proxy
import ProxyConfiguration
import ServiceLifecycle
import ServiceModel
import UnixSignals

/// `kubetables run`: keeps the kernel in step until it is told to stop.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Keep the kernel in step with a directory of manifests or with a cluster, until told to stop.",
        discussion: """
            Nothing is committed before all Services and EndpointSlices are known. Changes are collected for \
            --iptables-min-sync-period; only what changed is compiled again, and each table is changed in one commit. \
            Rules that others remove are put back. SIGTERM and SIGINT end the program after the commit in flight; the \
            rules stay. SIGHUP, or a change of the file, reloads --config.

            Takes every flag that kube-proxy takes, and is what a program called kube-proxy does. Those that have no \
            effect here are shown by --help-hidden.

            Without --manifests, --kubeconfig and --master, the service account of the pod is used if there is one, \
            else the manifests in \(SourceOptions.defaultManifests).

            Example: kubetables run --manifests myapp/ --cluster-cidr 10.244.0.0/16
            """)

    @OptionGroup(title: "Instead of Running") var instead: InsteadOptions
    @OptionGroup(title: "Source Options") var source: SourceOptions

    @Option(help: "The IP family to make rules for. (default: both)")
    var ipFamily: IPFamily?

    @OptionGroup(title: "Node Options") var node: NodeOptions
    @OptionGroup(title: "Loop Options") var loopOptions: LoopOptions
    @OptionGroup(title: "Connection Tracking Options") var connectionTracking: ConnectionTrackingOptions
    @OptionGroup(title: "Kernel Options") var kernel: KernelOptions
    @OptionGroup var compatibility: CompatibilityOptions

    private var families: [IPFamily] { ipFamily.map { [$0] } ?? IPFamily.allCases }

    func run() async throws {
        // Whoever asks for a reload before anybody listens for that shall not end the program.
        signal(SIGHUP, SIG_IGN)
        if instead.cleanup == true { return try CleanupCommand.cleanUp(families, kernel.syncer) }
        let reading: OptionReading
        do throws(OptionReading.Failure) {
            reading = try readOptions()
        } catch {
            throw error.report()
        }
        let options = reading.options
        if let path = instead.writeConfigTo {
            Console.report(reading.diagnostics)
            return try InsteadOptions.write(options, to: path)
        }
        let logger = logger(options)
        logger.report(reading.diagnostics)
        for warning in options.warnings { logger.warning("\(warning)") }
        if instead.initOnly == true {
            return try InsteadOptions.tune(TuningOptions(options, families: families), logger)
        }
        try await serve(options, logger)
    }

    private func serve(_ options: ProxyOptions, _ logger: Logger) async throws {
        let nodeName = options.hostname ?? HostFacts.hostname
        let objects = try source.objectSource(options, nodeName: nodeName)
        try checkKernel()

        let tuner = NodeTuner(TuningOptions(options, families: families), families: families, logger: logger)
        let status = StatusServers(
            options: options, traffic: loopOptions.trafficMetrics, families: families, logger: logger)
        let observer = Observers([LogObserver(logger), tuner] + status.observers)
        let loop = ProxyLoop(
            options: options, families: families, requiredKinds: objects.requiredKinds, syncer: kernel.syncer,
            flows: StaleFlowCleanup(), traffic: status.traffic, observer: observer)

        let servers = try await status.listen(options, loop: loop, families: families)

        setOutOfMemoryScore(options, logger)
        NodeTuning.raiseOpenFileLimit()
        logger.info("kubetables \(kubetablesVersion) serves \(objects) on node \(nodeName)")
        let reload: @Sendable () async -> Void = {
            guard let options = readOptionsAgain(logger, current: options) else { return }
            tuner.reconfigure(TuningOptions(options, families: families))
            status.health.setSyncPeriod(options.effectiveSyncPeriod)
            await loop.reconfigure(options)
        }
        let parts =
            [
                Part { await loop.run() },
                Part {
                    await objects.run(logger: logger, heard: { status.metrics.heard(of: $0) }) { await loop.take($0) }
                },
                Part { await reloadWhenAsked(reload) },
                Part { await status.serviceHealth.run() },
            ] + servers
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: parts.map {
                    .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
                }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger.silenced))
        try await group.run()
        logger.info("stopped; the rules stay as they are")
    }

    /// The log, in the form that the options ask for.
    private func logger(_ options: ProxyOptions) -> Logger {
        let level = Logger.Level(verbosity: options.verbosity ?? 0)
        guard options.logFormat == "json" else {
            return Logger(label: "kubetables") { _ in LineLogHandler(level: level) }
        }
        let logger = Logger(label: "kubetables") { _ in JSONLogHandler(level: level) }
        Console.speak(through: logger)
        return logger
    }

    // MARK: Options

    private var settings: [Setting] {
        [source, node, loopOptions, connectionTracking, compatibility].flatMap { (group: any ParsableArguments) in
            group.settings
        }
    }

    /// The options of flags and configuration file together.
    private func readOptions() throws(OptionReading.Failure) -> OptionReading {
        let reading = try OptionReading(settings, config: node.config)
        do throws(OptionError) {
            try reading.options.validatePeriods()
            // What only the Node object can tell is waited for; everything else can be said at once.
            if reading.options.detectLocalMode != .nodeCIDR {
                _ = try reading.options.settings(node: Node(name: ""), interfaceAddresses: [])
            }
            return reading
        } catch {
            throw OptionReading.Failure(error, .wrongUsage)
        }
    }

    /// The options as they are now; what cannot change while the program runs stays as it is.
    private func readOptionsAgain(_ logger: Logger, current: ProxyOptions) -> ProxyOptions? {
        do throws(OptionReading.Failure) {
            let reading = try readOptions()
            logger.report(reading.diagnostics)
            for warning in reading.options.warnings where !current.warnings.contains(warning) {
                logger.warning("\(warning)")
            }
            logger.info("the configuration was read again")
            let (options, kept) = reading.options.keeping(current)
            if !kept.isEmpty {
                logger.warning("what takes effect with the next start only: \(kept.joined(separator: ", "))")
            }
            return options
        } catch {
            logger.report(error.diagnostics)
            logger.error("the configuration cannot be used and stays as it was")
            return nil
        }
    }

    private func reloadWhenAsked(_ reload: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                let signals = await UnixSignalsSequence(trapping: .sighup)
                for await _ in signals { await reload() }
            }
            if let path = node.config {
                group.addTask { await FileChanges(path: path).forEach(reload) }
            }
        }
    }

    // MARK: The kernel

    /// Says at once what would otherwise be said again and again, if no family can be served.
    private func checkKernel() throws {
        var failures: [SyncError] = []
        for family in families {
            do {
                try kernel.syncer.checkAccess(family)
                return
            } catch {
                failures.append(error)
            }
        }
        if let error = failures.first { throw Console.failure("\(error)", error.exitCode) }
    }
}

extension RunCommand {
    /// Sets how early the kernel ends this process; that few may lower it is worth a warning only if somebody asked for it.
    private func setOutOfMemoryScore(_ options: ProxyOptions, _ logger: Logger) {
        let outcome = NodeTuning().setOutOfMemoryScore(options.effectiveOutOfMemoryScore)
        let isAskedFor = options.effectiveOutOfMemoryScore != ProxyOptions().effectiveOutOfMemoryScore
        logger.log(level: outcome.isFailure && isAskedFor ? .warning : .debug, "\(outcome)")
    }
}

extension Logger.Level {
    /// The level that kube-proxy's `-v` stands for.
    fileprivate init(verbosity: Int) {
        switch verbosity {
        case ...3: self = .info
        case 4...5: self = .debug
        default: self = .trace
        }
    }
}

extension Logger {
    /// Tells what there is to tell about the input.
    fileprivate func report(_ diagnostics: [Diagnostic]) {
        for diagnostic in diagnostics { log(level: diagnostic.severity.level, "\(diagnostic)") }
    }

    /// The same logger for what others find worth telling, which is told by us already: only errors.
    fileprivate var silenced: Logger {
        var logger = self
        logger.logLevel = .error
        return logger
    }
}

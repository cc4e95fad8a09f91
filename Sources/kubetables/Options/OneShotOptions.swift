import ArgumentParser
import Glibc
import Logging
import NodeTuning
import ProxyConfiguration

/// What `run` can do instead of running, as kube-proxy can.
struct InsteadOptions: ParsableArguments {
    @Option(defaultAsFlag: true, parsing: .next, help: "Remove all chains and jumps, as the command cleanup does.")
    var cleanup: Bool?

    @Option(
        defaultAsFlag: true, parsing: .next,
        help: "Set the kernel's parameters, which may need more privileges than to run; fails if one cannot be set.")
    var initOnly: Bool?

    @Option(
        help: ArgumentHelp("Write the options in force into a configuration file.", valueName: "path"),
        completion: .file())
    var writeConfigTo: String?

    /// Writes options into a file, and warns of what it cannot hold.
    static func write(_ options: ProxyOptions, to path: String) throws {
        Console.warn(options.unwritable.map { "\($0): a file cannot tell it; give the flag besides --config" })
        let text = options.configurationFile
        guard let file = fopen(path, "w") else {
            throw Console.failure("\(path) cannot be written: \(String(cString: strerror(errno)))", .outputFailed)
        }
        let isWritten = fputs(text, file) >= 0
        guard fclose(file) == 0, isWritten else {
            throw Console.failure("\(path) cannot be written: \(String(cString: strerror(errno)))", .outputFailed)
        }
    }

    /// Sets the kernel's parameters.
    static func tune(_ options: TuningOptions, _ logger: Logger) throws {
        let outcomes = NodeTuning().apply(options)
        for outcome in outcomes { logger.log(level: outcome.isFailure ? .error : .info, "\(outcome)") }
        let failures = outcomes.filter(\.isFailure)
        guard !failures.isEmpty else { return }
        let isForbidden = failures.contains { [.skipped(.notPermitted), .skipped(.readOnly)].contains($0.result) }
        throw isForbidden ? ExitCode.notPermitted : ExitCode.refusedByKernel
    }
}

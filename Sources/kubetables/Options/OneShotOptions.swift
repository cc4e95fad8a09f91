// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import Logging
import NodeTuning
import ProxyConfiguration

/// What `run` can do once instead of running, as kube-proxy can.
struct OneShotOptions: ParsableArguments {
    @Option(
        defaultAsFlag: true, parsing: .next, help: "Remove all chains and jumps and exit, as the command cleanup does.")
    var cleanup: Bool?

    @Option(
        defaultAsFlag: true, parsing: .next,
        help:
            "Set the kernel parameters and exit, which may need more privileges than running; fails if one cannot be set."
    )
    var initOnly: Bool?

    @Option(
        help: ArgumentHelp("Write the options in force to a configuration file and exit.", valueName: "path"),
        completion: .file())
    var writeConfigTo: String?

    /// Writes options to a file, and warns of those that a file cannot have.
    static func write(_ options: ProxyOptions, to path: String) throws {
        Console.warn(
            options.namesOfOptionsNotInFile.map {
                "\($0): cannot be set in a configuration file; pass the flag in addition to --config"
            })
        guard let file = fopen(path, "w") else { throw writeFailure(path) }
        let isWritten = fputs(options.configurationFile, file) >= 0
        guard fclose(file) == 0, isWritten else { throw writeFailure(path) }
    }

    private static func writeFailure(_ path: String) -> ExitCode {
        Console.failure("cannot write \(path): \(String(cString: strerror(errno)))", .outputFailed)
    }

    /// Sets the kernel parameters.
    static func tune(_ options: TuningOptions, _ logger: Logger) throws {
        let outcomes = NodeTuning().apply(options)
        for outcome in outcomes { logger.log(level: outcome.isFailure ? .error : .info, "\(outcome)") }
        let failures = outcomes.filter(\.isFailure)
        guard !failures.isEmpty else { return }
        let isForbidden = failures.contains { [.skipped(.notPermitted), .skipped(.readOnly)].contains($0.result) }
        throw isForbidden ? ExitCode.notPermitted : ExitCode.refusedByKernel
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import KubernetesObjects
import ProxyConfiguration

/// kube-proxy's options from flags and a configuration file together.
struct ResolvedOptions {
    /// Why options cannot be used.
    struct Failure: Error {
        let diagnostics: [Diagnostic]
        let exitCode: ExitCode
    }

    let options: ProxyOptions
    /// Warnings about the configuration file.
    let diagnostics: [Diagnostic]

    /// - Parameters:
    ///   - config: the path of the configuration file, if there is one; flags override it.
    ///   - strict: whether warnings about the file are errors.
    init(_ flagValues: [FlagValue], config: String?, strict: Bool = false) throws(Failure) {
        let flags: ProxyOptions
        do throws(OptionError) {
            flags = try ProxyOptions(flagValues)
        } catch {
            throw Failure(error, .wrongUsage)
        }
        guard let config else {
            options = flags
            diagnostics = []
            return
        }
        var log = DiagnosticLog()
        let file = ProxyOptions.read(path: config, log: &log)
        if strict { log = log.promotingWarnings() }
        guard let file, !log.hasErrors else { throw Failure(diagnostics: log.diagnostics, exitCode: .badInput) }
        options = flags.overriding(file)
        diagnostics = log.diagnostics
    }
}

extension ResolvedOptions.Failure {
    init(_ error: OptionError, _ exitCode: ExitCode) {
        self.init(diagnostics: [Diagnostic(.error, file: "", message: "\(error)")], exitCode: exitCode)
    }

    /// Reports what is wrong and returns what to throw.
    func report() -> ExitCode {
        Console.report(diagnostics)
        return exitCode
    }
}

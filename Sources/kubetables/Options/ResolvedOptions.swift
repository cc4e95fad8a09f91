import ArgumentParser
import KubernetesObjects
import ProxyConfiguration

/// Kube-proxy's options from flags and a configuration file, and what there is to tell about them.
struct OptionReading {
    /// Why options cannot be used.
    struct Failure: Error {
        let diagnostics: [Diagnostic]
        let exitCode: ExitCode
    }

    let options: ProxyOptions
    /// Warnings about the configuration file.
    let diagnostics: [Diagnostic]

    /// Reads flags, and the configuration file that they win over.
    ///
    /// - Parameters:
    ///   - config: the path of the file, if there is one.
    ///   - strict: whether what is odd about the file is an error.
    init(_ settings: [Setting], config: String?, strict: Bool = false) throws(Failure) {
        let flags: ProxyOptions
        do throws(OptionError) {
            flags = try ProxyOptions(settings)
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

extension OptionReading.Failure {
    /// An option that cannot be followed.
    init(_ error: OptionError, _ exitCode: ExitCode) {
        self.init(diagnostics: [Diagnostic(.error, file: "", message: "\(error)")], exitCode: exitCode)
    }

    /// Tells what is wrong, on standard error, and gives back what to throw.
    func report() -> ExitCode {
        Console.report(diagnostics)
        return exitCode
    }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc
import KubernetesObjects
import Logging
import Proxy
import ProxyConfiguration

extension Logger {
    /// The log of `run`, on standard error, with the format and the level that the options ask for.
    init(_ options: ProxyOptions) {
        let level = Logger.Level(verbosity: options.verbosity ?? 0)
        if options.logFormat == "json" {
            self.init(label: "kubetables") { _ in JSONLogHandler(level: level) }
            Console.sendMessages(to: self)
        } else {
            self.init(label: "kubetables") { _ in LineLogHandler(level: level) }
        }
        let logger = self
        LogWriter.standardError.onRecovery { count in
            logger.warning("\(count) log lines were dropped: standard error was not read in time")
        }
        // However the program ends, its last lines are written if anybody reads them.
        atexit { LogWriter.standardError.flush(limit: LogWriter.endLimit) }
    }

    func report(_ diagnostics: [Diagnostic]) {
        for diagnostic in diagnostics { log(level: diagnostic.severity.level, "\(diagnostic)") }
    }

    /// The same log for errors only, for libraries that log what we log ourselves.
    var errorsOnly: Logger {
        var logger = self
        logger.logLevel = .error
        return logger
    }
}

extension LogWriter {
    /// How long the end of the program waits for the last lines to be written.
    static let endLimit = Duration.milliseconds(100)
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

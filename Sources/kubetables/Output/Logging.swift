// SPDX-License-Identifier: Apache-2.0

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

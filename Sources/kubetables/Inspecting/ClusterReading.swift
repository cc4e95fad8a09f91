// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import KubernetesAPI
import KubernetesObjects
import Logging
import Proxy
import ProxyConfiguration

/// Reads the objects of a cluster once, for a command.
enum ClusterReading {
    /// How long to wait for the lists.
    private static let listLimit = Duration.seconds(30)

    /// Lists the objects, and reports what is wrong with them.
    ///
    /// - Returns: the objects that can be used, what is wrong with others and with them, and the source in words.
    /// - Throws: `ExitCode.badInput` if the cluster cannot be found, `ExitCode.noAnswer` if it does not answer in time.
    static func read(
        _ source: InspectedSourceOptions, _ options: ProxyOptions, _ nodeName: String
    ) async throws -> (ClusterObjects, findings: [Diagnostic], name: String) {
        var log = DiagnosticLog()
        let connection = ClusterConnection.find(
            kubeconfig: options.kubeconfig, master: source.master, account: ServiceAccount(), log: &log)
        Console.report(log.diagnostics)
        guard let connection else { throw ExitCode.badInput }
        let cluster = ClusterSource(connection, nodeName: nodeName, version: kubetablesVersion)
        let logger = Logger(label: "kubetables") { _ in ConsoleLogHandler() }
        guard let listing = await ClusterListing(cluster, logger: logger, limit: listLimit) else {
            throw Console.failure(
                "\(connection.server) did not list all Services, EndpointSlices and the node within \(listLimit)",
                .noAnswer)
        }
        Console.report(listing.findings)
        return (listing.objects, listing.findings, "cluster=\(connection.server)")
    }
}

/// Warnings and errors of a library as messages of a command.
private struct ConsoleLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { Console.warn(["\(event.message)"]) }
}

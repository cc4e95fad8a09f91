// SPDX-License-Identifier: Apache-2.0

import KubernetesAPI
import KubernetesObjects
import Logging
import Proxy

/// The source of objects: a directory or a cluster.
enum ObjectSource: CustomStringConvertible {
    case manifests(ManifestSource)
    case cluster(ClusterSource)

    /// The kinds that must be known before the first commit.
    var requiredKinds: Set<KubernetesObject.Kind> {
        switch self {
        case .manifests: [.service, .endpointSlice]
        case .cluster: ClusterSource.kinds
        }
    }

    /// The fields of the log line at the start.
    var description: String {
        switch self {
        case .manifests(let source): "manifests=\(source.directory)"
        case .cluster(let source): "cluster=\(source.connection.server) credentials=\"\(source.connection.origin)\""
        }
    }

    /// Delivers all objects and then all changes, until the task is cancelled.
    ///
    /// - Parameters:
    ///   - observer: receives which objects cannot be used, and whether there is contact to an API server.
    ///   - onContact: called for each answer of an API server about objects of a kind.
    ///   - onRequest: called for each answer of an API server, and each request without one.
    func run(
        logger: Logger, observer: any ProxyObserver, onContact: @escaping @Sendable (KubernetesObject.Kind) -> Void,
        onRequest: @escaping @Sendable (APIRequestEvent) -> Void,
        _ deliver: @escaping @Sendable ([ObjectUpdate]) async -> Void
    ) async {
        let diagnostics = ObjectDiagnostics(logger, observer: observer)
        switch self {
        case .manifests(let source):
            await source.run(report: diagnostics.log, reportFindings: diagnostics.report, deliver: deliver)
        case .cluster(let source):
            await source.run(
                logger: logger, diagnostics: diagnostics, onContact: onContact,
                onContactChange: { observer.observe(.contactChanged($0)) }, onRequest: onRequest, deliver: deliver)
        }
    }
}

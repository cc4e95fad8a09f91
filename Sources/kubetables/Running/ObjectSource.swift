import KubernetesAPI
import KubernetesObjects
import Logging
import Proxy

/// A source of objects.
enum ObjectSource: CustomStringConvertible {
    /// A directory of manifests.
    case manifests(ManifestSource)
    /// The API of a cluster.
    case cluster(ClusterSource)

    /// The kinds that must be known before rules are made.
    var requiredKinds: Set<KubernetesObject.Kind> {
        switch self {
        case .manifests: [.service, .endpointSlice]
        case .cluster: ClusterSource.kinds
        }
    }

    /// Where objects come from.
    var description: String {
        switch self {
        case .manifests(let source): "the manifests in \(source.directory)"
        case .cluster(let source): "the cluster at \(source.connection.server) (\(source.connection.origin))"
        }
    }

    /// Tells what there is and what changes, until the task is cancelled.
    ///
    /// - Parameter heard: is called each time an API server has said something about objects of a kind.
    func run(
        logger: Logger, heard: @escaping @Sendable (KubernetesObject.Kind) -> Void,
        _ deliver: @escaping @Sendable ([ObjectUpdate]) async -> Void
    ) async {
        switch self {
        case .manifests(let source):
            await source.run(
                report: { diagnostics in
                    for diagnostic in diagnostics { logger.log(level: diagnostic.severity.level, "\(diagnostic)") }
                }, deliver: deliver)
        case .cluster(let source):
            await source.run(logger: logger, heard: heard, deliver: deliver)
        }
    }
}

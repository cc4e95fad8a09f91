import KubernetesAPI
import KubernetesObjects
import Logging
import Synchronization

/// The API of a cluster as the source of objects: Services, EndpointSlices and this node, listed and watched.
public struct ClusterSource: Sendable {
    /// The kinds that are listed, all of which a proxy needs: without its Node it would take itself for another one.
    public static let kinds: Set<KubernetesObject.Kind> = [.service, .endpointSlice, .node]

    /// Where the API is and who we are.
    public let connection: ClusterConnection
    private let nodeName: String
    private let version: String

    /// Prepares to follow a cluster.
    ///
    /// - Parameters:
    ///   - nodeName: the name of the Node object of this node.
    ///   - version: the version of kubetables, which the server is told.
    public init(_ connection: ClusterConnection, nodeName: String, version: String) {
        self.connection = connection
        self.nodeName = nodeName
        self.version = version
    }

    /// Follows the cluster until the task is cancelled; whatever happens to the server is waited out.
    ///
    /// - Parameter deliver: gets what there is and what changes; must return soon.
    public func run(logger: Logger, deliver: @escaping @Sendable ([ObjectUpdate]) async -> Void) async {
        let client = APIClient(connection, version: version)
        await withTaskGroup(of: Void.self) { group in
            for resource in [WatchedResource.node(name: nodeName), .endpointSlices, .services] {
                let reader = EventReader(kind: resource.kind, logger: logger)
                let reflector = Reflector(resource, client: client, logger: logger) { event in
                    guard let update = reader.update(event) else { return }
                    await deliver([update])
                }
                group.addTask { await reflector.run() }
            }
        }
        await client.shutdown()
    }
}

/// Turns what a reflector has seen into an update, and reports the objects that cannot be used: each once, until it
/// changes.
private final class EventReader: Sendable {
    private let kind: KubernetesObject.Kind
    private let logger: Logger
    private let reported = Mutex<[ObjectName: [Diagnostic]]>([:])

    init(kind: KubernetesObject.Kind, logger: Logger) {
        self.kind = kind
        self.logger = logger
    }

    func update(_ event: ResourceEvent) -> ObjectUpdate? {
        switch event {
        case .listed(let objects, let unreadable):
            let names = Set(unreadable.map(\.name))
            reported.withLock { $0 = $0.filter { names.contains($0.key) } }
            unreadable.forEach(report)
            return .listed(kind, objects, unreadable: names)
        case .changed(let object, _):
            reported.withLock { $0[object.name] = nil }
            return .changed(object)
        case .unreadable(let object):
            report(object)
            return nil
        case .removed(let name):
            reported.withLock { $0[name] = nil }
            return .removed(kind, name)
        }
    }

    private func report(_ object: UnreadableObject) {
        let errors = object.diagnostics.filter { $0.severity == .error }
        guard reported.withLock({ $0.updateValue(errors, forKey: object.name) != errors }) else { return }
        for error in errors { logger.error("\(error); its last good state stays in force") }
    }
}

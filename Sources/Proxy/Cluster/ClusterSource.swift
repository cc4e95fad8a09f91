import KubernetesAPI
import KubernetesObjects
import Logging
import Synchronization

/// The API of a cluster as the source of objects: Services, EndpointSlices and this node, listed and watched.
package struct ClusterSource: Sendable {
    /// The kinds that are listed, all of which a proxy needs: without its Node it would take itself for another one.
    package static let kinds: Set<KubernetesObject.Kind> = [.service, .endpointSlice, .node]

    /// Where the API is and who we are.
    package let connection: ClusterConnection
    private let nodeName: String
    private let version: String

    /// Prepares to follow a cluster.
    ///
    /// - Parameters:
    ///   - connection: the server, and who asks it.
    ///   - nodeName: the name of the Node object of this node.
    ///   - version: the version of kubetables, which the server is told.
    package init(_ connection: ClusterConnection, nodeName: String, version: String) {
        self.connection = connection
        self.nodeName = nodeName
        self.version = version
    }

    /// Follows the cluster until the task is cancelled; whatever happens to the server is waited out.
    ///
    /// - Parameters:
    ///   - logger: is told of trouble, and of objects that cannot be used.
    ///   - heard: is called each time the server has said something about objects of a kind.
    ///   - deliver: gets what there is and what changes; must return soon.
    package func run(
        logger: Logger, heard: @escaping @Sendable (KubernetesObject.Kind) -> Void,
        deliver: @escaping @Sendable ([ObjectUpdate]) async -> Void
    ) async {
        let client = APIClient(connection, version: version)
        await withTaskGroup(of: Void.self) { group in
            for resource in [WatchedResource.node(name: nodeName), .endpointSlices, .services] {
                let reader = EventReader(kind: resource.kind, logger: logger)
                let reflector = Reflector(
                    resource, client: client, logger: logger, received: { heard(resource.kind) },
                    deliver: { event in
                        guard let update = reader.update(event) else { return }
                        await deliver([update])
                    })
                group.addTask { await reflector.run() }
            }
        }
        await client.shutdown()
    }
}

/// Turns what a reflector has seen into an update, and tells what is wrong with objects: once, until it changes.
private final class EventReader: Sendable {
    private let kind: KubernetesObject.Kind
    private let logger: Logger
    private let told = Mutex<[ObjectName: [Diagnostic]]>([:])

    init(kind: KubernetesObject.Kind, logger: Logger) {
        self.kind = kind
        self.logger = logger
    }

    func update(_ event: ResourceEvent) -> ObjectUpdate? {
        switch event {
        case .listed(let objects, let unreadable, let remarks):
            let remarksByName = Dictionary(grouping: remarks) { $0.name ?? ObjectName(name: "") }
            let odd = Set(unreadable.map(\.name)).union(remarksByName.keys)
            told.withLock { $0 = $0.filter { odd.contains($0.key) } }
            for (name, remarks) in remarksByName.sorted(by: { $0.key < $1.key }) { tell(remarks, of: name) }
            for object in unreadable { tell(object.diagnostics, of: object.name) }
            return .listed(kind, objects, unreadable: Set(unreadable.map(\.name)))
        case .changed(let object, let remarks):
            tell(remarks, of: object.name)
            return .changed(object)
        case .unreadable(let object):
            tell(object.diagnostics, of: object.name)
            return nil
        case .removed(let name):
            tell([], of: name)
            return .removed(kind, name)
        }
    }

    private func tell(_ diagnostics: [Diagnostic], of name: ObjectName) {
        let old = told.withLock { told in
            defer { told[name] = diagnostics.isEmpty ? nil : diagnostics }
            return told[name] ?? []
        }
        guard diagnostics != old else { return }
        for diagnostic in diagnostics {
            switch diagnostic.severity {
            case .error: logger.error("\(diagnostic); its last good state stays in force")
            case .warning: logger.warning("\(diagnostic)")
            case .note: logger.debug("\(diagnostic)")
            }
        }
    }
}

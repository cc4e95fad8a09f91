// SPDX-License-Identifier: Apache-2.0

import KubernetesAPI
import KubernetesObjects
import Logging

/// The API of a cluster as the source of objects: Services, EndpointSlices and this node, listed and watched.
package struct ClusterSource: Sendable {
    /// The kinds that are listed, all of which a proxy needs: without its Node it would take itself for another one.
    package static let kinds: Set<KubernetesObject.Kind> = [.service, .endpointSlice, .node]

    /// Where the API is, and the credentials.
    package let connection: ClusterConnection
    private let nodeName: String
    private let version: String

    /// - Parameters:
    ///   - connection: the server and the credentials.
    ///   - nodeName: the name of the Node object of this node.
    ///   - version: the version of kubetables, for the server's log.
    package init(_ connection: ClusterConnection, nodeName: String, version: String) {
        self.connection = connection
        self.nodeName = nodeName
        self.version = version
    }

    /// Follows the cluster until the task is cancelled; whatever happens to the server is waited out.
    ///
    /// - Parameters:
    ///   - logger: gets a line about trouble.
    ///   - diagnostics: gets what is wrong with objects.
    ///   - onContact: is called each time the server has answered something about objects of a kind.
    ///   - onContactChange: is called when the contact to the server is lost or regained, for each resource.
    ///   - onRequest: is called for each answer of the server, and each request without one.
    ///   - deliver: gets what there is and what changes; must return soon.
    package func run(
        logger: Logger, diagnostics: ObjectDiagnostics, onContact: @escaping @Sendable (KubernetesObject.Kind) -> Void,
        onContactChange: @escaping @Sendable (ContactChange) -> Void = { _ in },
        onRequest: @escaping @Sendable (APIRequestEvent) -> Void = { _ in },
        deliver: @escaping @Sendable ([ObjectUpdate]) async -> Void
    ) async {
        let client = APIClient(connection, version: version, onEvent: onRequest)
        await withTaskGroup(of: Void.self) { group in
            for resource in [WatchedResource.node(name: nodeName), .endpointSlices, .services] {
                let reflector = Reflector(
                    resource, client: client, logger: logger, received: { onContact(resource.kind) },
                    contactChanged: onContactChange,
                    deliver: { update in
                        diagnostics.take(update)
                        await deliver([update])
                    })
                group.addTask { await reflector.run() }
            }
        }
        await client.shutdown()
    }
}

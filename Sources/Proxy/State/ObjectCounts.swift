// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects

/// How many objects there are.
package struct ObjectCounts: Sendable, Hashable {
    package var services: Int
    /// The members of all EndpointSlices, and of Endpoints objects.
    package var endpoints: Int

    package init(services: Int, endpoints: Int) {
        self.services = services
        self.endpoints = endpoints
    }

    init(_ objects: ClusterObjects) {
        services = objects.services.count
        endpoints =
            objects.endpointSlices.values.reduce(0) { $0 + $1.endpoints.count }
            + objects.endpoints.values.reduce(0) { $0 + $1.subsets.reduce(0) { $0 + $1.members.count } }
    }
}

/// How many objects changed.
package struct ChangeCounts: Sendable, Hashable {
    /// Services that are new, other than before, or gone.
    package var services: Int
    /// EndpointSlices and Endpoints that are new, other than before, or gone.
    package var endpoints: Int

    /// Counts of changes; by default none.
    package init(services: Int = 0, endpoints: Int = 0) {
        self.services = services
        self.endpoints = endpoints
    }

    package static func + (left: ChangeCounts, right: ChangeCounts) -> ChangeCounts {
        ChangeCounts(services: left.services + right.services, endpoints: left.endpoints + right.endpoints)
    }
}

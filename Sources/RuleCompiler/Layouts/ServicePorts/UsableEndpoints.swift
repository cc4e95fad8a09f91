// SPDX-License-Identifier: Apache-2.0

import ServiceModel
import XTables

/// The endpoints of a service port that this node uses, and for what.
struct UsableEndpoints {
    /// An endpoint, and the origin of its rules.
    struct Item {
        let endpoint: Endpoint
        let origin: Origin
    }

    /// All that are used, in the order of the service port's endpoints.
    private(set) var all: [Item] = []
    /// The places in ``all`` of those for traffic that may go to any endpoint of the cluster.
    private(set) var cluster: [Int] = []
    /// The places in ``all`` of those for traffic that may go to endpoints on this node only.
    private(set) var local: [Int] = []

    init(_ entry: ServicePortEndpoints, _ selection: EndpointSelection, _ origin: ServicePortOrigin) {
        all.reserveCapacity(entry.endpoints.count)
        cluster.reserveCapacity(entry.endpoints.count)
        for index in entry.endpoints.indices {
            let inCluster = selection.clusterVerdicts[index].isUsed
            let inLocal = selection.localVerdicts[index].isUsed
            guard inCluster || inLocal else { continue }
            if inCluster { cluster.append(all.count) }
            if inLocal { local.append(all.count) }
            all.append(Item(endpoint: entry.endpoints[index], origin: .endpoint(at: index, of: origin)))
        }
    }
}

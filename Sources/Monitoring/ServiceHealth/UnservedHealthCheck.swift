// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import ServiceModel

/// A health check node port on which load balancers get no answer from this node, so that they use other nodes.
package struct UnservedHealthCheck: Sendable, Hashable {
    package let service: ServiceName
    package let address: ListenAddress
    /// Why it cannot be served, and what to do.
    package let reason: String

    package init(service: ServiceName, address: ListenAddress, reason: String) {
        self.service = service
        self.address = address
        self.reason = reason
    }
}

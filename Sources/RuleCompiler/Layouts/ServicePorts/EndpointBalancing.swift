// SPDX-License-Identifier: Apache-2.0

import XTables

/// Makes the chains that spread the connections of one service port over its endpoints.
protocol EndpointBalancing {
    /// The chain that chooses one of some endpoints, and those that only it leads to.
    ///
    /// - Parameters:
    ///   - first: rules that stand first in the chain.
    ///   - places: the endpoints, by their places in ``UsableEndpoints/all``; not empty.
    ///   - origin: what the chain was made for.
    func chains(_ name: ChainName, first: [Rule], over places: [Int], origin: Origin) -> [Chain]

    /// The chains of the endpoints themselves, as far as there are any.
    var endpointChains: [Chain] { get }
}

/// What layouts have different in the rules of one service port.
struct ServicePortForm: Sendable {
    /// The chain in nat in which cluster IPs are looked up.
    let clusterIPs: ChainName
    /// Whether the chain that a cluster IP leads to has packets marked for masquerading; if not, ``clusterIPs`` is only
    /// reached by packets that have the mark if they need it.
    let marksInOwnChains: Bool
    /// Whether rules in chains of the service port have comments, as those in shared chains always have.
    let commentsInOwnChains: Bool
    /// Makes what chooses among endpoints.
    let balancing: @Sendable (ServicePortCompiler) -> any EndpointBalancing
}

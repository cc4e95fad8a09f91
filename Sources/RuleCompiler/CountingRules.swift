// SPDX-License-Identifier: Apache-2.0

import ServiceModel
import XTables

/// Why rules refuse or drop what is sent to a service port.
public enum RefusalReason: String, Hashable, Sendable, CaseIterable {
    /// There is no endpoint anywhere (REJECT).
    case noEndpoints = "no-endpoints"
    /// The traffic policy is Local, and there is no endpoint on this node (DROP).
    case noLocalEndpoints = "no-local-endpoints"
    /// The client is in none of the source ranges of the load balancer (DROP).
    case sourceRanges = "source-ranges"
}

/// A rule that counts what a service port was refused.
public struct RefusingRule: Hashable, Sendable {
    /// The key of its counters, in table filter.
    public let key: CounterKey
    /// Why it refuses.
    public let reason: RefusalReason
}

extension CompiledServicePort {
    /// The rules in nat that send a connection to an endpoint, one for each endpoint; the address and port of the
    /// key are the endpoint's.
    ///
    /// The kernel asks table nat about the first packet of a connection only, so they count connections.
    public var endpointRules: [CounterKey] { layout.endpointRules(of: self) }

    /// The rules in filter that refuse or drop, in the order of their chains; each key once.
    public var refusingRules: [RefusingRule] { layout.refusingRules(of: self) }
}

// What kube-proxy counts at its two accounting objects (proxier.go, `NFAcct`), the rules count themselves.
extension Compilation {
    /// The rules in filter that drop packets which connection tracking cannot place; none if such packets may pass.
    public var invalidPacketRules: [CounterKey] { layout.invalidPacketRules }

    /// The rules in nat that send node ports on from the node's loopback addresses; none where rules for all addresses
    /// do that.
    public var localhostNodePortRules: [CounterKey] { layout.localhostNodePortRules(of: servicePorts) }
}

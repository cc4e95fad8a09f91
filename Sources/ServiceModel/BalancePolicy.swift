// SPDX-License-Identifier: Apache-2.0

/// How new connections are spread over the endpoints of a service port; connections that a session affinity has an endpoint for
/// already go there.
///
/// All endpoints count alike. A policy with weights would be a case with a value, which ``EndpointSelection`` would have to give.
public enum BalancePolicy: String, Sendable, Hashable, CaseIterable {
    /// Each connection goes to any endpoint, all with the same probability, as with kube-proxy.
    case random
    /// The endpoints take turns. Each node, and each list of endpoints of a Service, takes turns of its own.
    case roundRobin = "round-robin"
    /// A hash of the client's address decides: connections of a client go to one endpoint, from whichever node they come.
    case sourceHash = "source-hash"
}

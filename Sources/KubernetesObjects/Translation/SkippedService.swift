// SPDX-License-Identifier: Apache-2.0

import Documents
import Messages
import NetworkTypes
import ServiceModel

/// Why no rule is made for a Service, although nothing is wrong with it.
public enum SkipReason: Sendable, Hashable {
    /// It has no cluster IP on purpose.
    case headless
    /// It is an alias in DNS.
    case externalName
    /// It belongs to another proxy, which the label names.
    case otherProxy(String)
    /// It has no cluster IP yet.
    case noClusterIP
    /// It has no cluster IP of the family that rules are made for.
    case noAddressOfFamily(IPFamily)
}

extension SkipReason: CustomStringConvertible {
    /// The reason in words for a user.
    public var description: String {
        switch self {
        case .headless:
            "headless (clusterIP: None): DNS answers with the pods' addresses, no rule is made"
        case .externalName:
            "type ExternalName: DNS answers with another name, no rule is made"
        case .otherProxy(let name):
            "label \(Service.otherProxyLabel): it belongs to the proxy \(MessageText.quoted(name)), no rule is made"
        case .noClusterIP:
            "no clusterIP: an API server would allocate one, until then no rule is made"
        case .noAddressOfFamily(let family):
            "no \(family.kubernetesName) clusterIP: no \(family.kubernetesName) rule is made"
        }
    }
}

/// A Service for which no rule is made, and why.
public struct SkippedService: Sendable, Hashable {
    /// The Service.
    public let name: ServiceName
    /// Why.
    public let reason: SkipReason

    /// Says why a Service is skipped.
    public init(name: ServiceName, reason: SkipReason) {
        self.name = name
        self.reason = reason
    }
}

extension SkippedService: CustomStringConvertible {
    /// `Service namespace/name: ` and the reason in words.
    public var description: String { "Service \(name): \(reason)" }
}

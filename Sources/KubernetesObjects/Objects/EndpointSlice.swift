// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel

/// An EndpointSlice (discovery.k8s.io/v1) as far as a proxy reads it, API defaults applied.
public struct EndpointSlice: Sendable, Hashable {
    /// What the addresses of a slice are (`addressType`).
    public enum AddressType: Sendable, Hashable {
        /// Addresses of a family.
        case addresses(IPFamily)
        /// Names, with which no proxy can do anything.
        case names
    }

    /// A port that all endpoints of the slice have.
    public struct Port: Sendable, Hashable {
        /// The name of the service port it serves.
        public var name: String
        /// The protocol of the service port it serves.
        public var transport: TransportProtocol
        /// The number, 1–65535.
        public var number: UInt16

        /// A port that has a number.
        public init(name: String = "", transport: TransportProtocol = .tcp, number: UInt16) {
            self.name = name
            self.transport = transport
            self.number = number
        }
    }

    /// An endpoint without the port, which the slice has.
    public struct Member: Sendable, Hashable {
        /// The address: the first one, as kube-proxy uses no other.
        public var address: IPAddress
        /// Whether it takes connections.
        public var conditions: EndpointConditions
        /// The node it runs on, if that is known.
        public var nodeName: String?
        /// The zones it is meant for (KEP-2433).
        public var zoneHints: Set<String>
        /// The nodes it is meant for (KEP-3015).
        public var nodeHints: Set<String>
        /// The Pod that answers, if the endpoint refers to one; for people, no rule depends on it.
        public var podName: String?
        /// The zone it runs in, if that is known; for people, no rule depends on it.
        public var zone: String?

        /// An endpoint; by default ready, on an unknown node, without hints.
        public init(
            address: IPAddress, conditions: EndpointConditions = [.ready, .serving], nodeName: String? = nil,
            zoneHints: Set<String> = [], nodeHints: Set<String> = [], podName: String? = nil, zone: String? = nil
        ) {
            self.address = address
            self.conditions = conditions
            self.nodeName = nodeName
            self.zoneHints = zoneHints
            self.nodeHints = nodeHints
            self.podName = podName
            self.zone = zone
        }
    }

    /// The label that names the Service, in the same namespace.
    static let serviceNameLabel = "kubernetes.io/service-name"
    /// The label of slices that no proxy watches, whatever its value.
    static let headlessLabel = "service.kubernetes.io/headless"

    /// The namespace and name.
    public var name: ObjectName
    /// Where it was read.
    public var origin: ObjectOrigin
    /// The name of the Service, in the same namespace; `nil` if the label is absent or empty.
    public var serviceName: String?
    /// Whether a label hides the slice from proxies.
    public var isHeadless = false
    /// What the addresses are.
    public var addressType: AddressType
    /// The ports that have a number.
    public var ports: [Port] = []
    /// The endpoints; none if ``addressType`` is ``AddressType/names``.
    public var endpoints: [Member] = []

    /// When the change of a pod or Service that led to this slice was seen, if the slice has that annotation.
    public var triggerTime: Timestamp?

    /// A slice without ports and endpoints.
    public init(
        name: ObjectName, origin: ObjectOrigin = .none, serviceName: String? = nil,
        addressType: AddressType = .addresses(.ipv4)
    ) {
        self.name = name
        self.origin = origin
        self.serviceName = serviceName
        self.addressType = addressType
    }

    /// The Service the slice belongs to, if it has the label.
    public var service: ServiceName? { serviceName.map { ServiceName(namespace: name.namespace, name: $0) } }
}

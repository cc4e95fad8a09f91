// SPDX-License-Identifier: Apache-2.0

import Documents
import NetworkTypes
import ServiceModel

/// An Endpoints object (v1), the predecessor of EndpointSlices.
///
/// A proxy in a cluster never reads it: a controller mirrors it into slices. In manifests there is no controller, so it is used here
/// for a Service that has no slice, as the mirrored slices would be. The label `endpointslice.kubernetes.io/skip-mirror`
/// is not obeyed: it means that slices for the Service come from elsewhere, and here there are none.
public struct Endpoints: Sendable, Hashable {
    /// Some addresses that have the same ports (`subsets`).
    public struct Subset: Sendable, Hashable {
        /// The ports.
        public var ports: [EndpointSlice.Port] = []
        /// The addresses of both families, those that are not ready before the others.
        public var members: [EndpointSlice.Member] = []

        /// Addresses that have the same ports.
        public init(ports: [EndpointSlice.Port] = [], members: [EndpointSlice.Member] = []) {
            self.ports = ports
            self.members = members
        }
    }

    /// The Service, whose namespace and name the object has.
    public var service: ServiceName
    /// Where it was read.
    public var origin: ObjectOrigin
    /// Whether a label hides the mirrored slices from proxies; mirroring copies labels.
    public var isHeadless = false
    /// The addresses and their ports.
    public var subsets: [Subset] = []
    /// When the change of a pod or Service that led to this object was seen, if the object has that annotation.
    public var triggerTime: Timestamp?

    /// An object without addresses.
    public init(service: ServiceName, origin: ObjectOrigin = .none) {
        self.service = service
        self.origin = origin
    }

    /// The slices that the mirroring controller would make, for addresses of one family.
    ///
    /// It sets only `ready`, so an address that is not ready still counts as serving.
    public func mirroredSlices(_ family: IPFamily) -> [EndpointSlice] {
        subsets.enumerated().map { index, subset in
            var slice = EndpointSlice(
                name: ObjectName(namespace: service.namespace, name: "\(service.name)-\(index)"), origin: origin,
                serviceName: service.name, addressType: .addresses(family))
            slice.isHeadless = isHeadless
            slice.ports = subset.ports
            slice.endpoints = subset.members.filter { $0.address.family == family }
            return slice
        }
    }

    /// Reads the fields of an Endpoints object; what is wrong is in `fields` afterwards.
    init(_ metadata: ObjectMetadata, document: DocumentObject, fields: inout FieldReader) {
        self.init(service: ServiceName(metadata.name), origin: fields.origin)
        triggerTime = metadata.triggerTime
        isHeadless = metadata.label(EndpointSlice.headlessLabel) != nil
        subsets = fields.list("subsets", of: document) { fields, value in
            guard let object = fields.object(value) else { return nil }
            let waiting = fields.list("notReadyAddresses", of: object) { Self.member(&$0, $1, conditions: .serving) }
            let ready = fields.list("addresses", of: object) { Self.member(&$0, $1, conditions: [.ready, .serving]) }
            return Subset(ports: fields.list("ports", of: object, Self.port), members: waiting + ready)
        }
    }

    private static func member(
        _ fields: inout FieldReader, _ value: DocumentValue, conditions: EndpointConditions
    ) -> EndpointSlice.Member? {
        guard let object = fields.object(value) else { return nil }
        let address = fields.required("ip", of: object, need: "an IP address") { $0.address($1) }
        let nodeName = fields.optional("nodeName", of: object) { $0.text($1) }
        return address.map {
            EndpointSlice.Member(
                address: $0, conditions: conditions, nodeName: nodeName, podName: object.referencedPod)
        }
    }

    private static func port(_ fields: inout FieldReader, _ value: DocumentValue) -> EndpointSlice.Port? {
        guard let object = fields.object(value) else { return nil }
        let name = fields.optional("name", of: object) { $0.portName($1) } ?? ""
        let transport = fields.optional("protocol", of: object) { $0.transport($1) } ?? .tcp
        let number = fields.required("port", of: object, need: "a port from 1 to 65535") { $0.port($1) }
        return number.map { EndpointSlice.Port(name: name, transport: transport, number: $0) }
    }
}

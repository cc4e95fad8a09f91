// SPDX-License-Identifier: Apache-2.0

import Documents
import NetworkTypes
import ServiceModel

extension EndpointSlice {
    /// Reads the fields of an EndpointSlice; what is wrong is in `fields` afterwards.
    init(_ metadata: ObjectMetadata, document: DocumentObject, fields: inout FieldReader) {
        self.init(name: metadata.name, origin: fields.origin)
        serviceName = metadata.label(EndpointSlice.serviceNameLabel).flatMap { $0.isEmpty ? nil : $0 }
        triggerTime = metadata.triggerTime
        isHeadless = metadata.label(EndpointSlice.headlessLabel) != nil
        let need = "IPv4, IPv6 or FQDN"
        let type = fields.required("addressType", of: document, need: need) { fields, value -> AddressType? in
            if value == .string("") { fields.error("unsupported value \"\" (supported: IPv4, IPv6, FQDN)") }
            return fields.choice(value, ["IPv4": .addresses(.ipv4), "IPv6": .addresses(.ipv6), "FQDN": .names])
        }
        ports = fields.list("ports", of: document, Self.port)
        guard let type else { return }
        addressType = type
        switch type {
        case .names:
            fields.atField("addressType", of: document) {
                $0.warning("\"FQDN\": no rule can be made for names; the slice is not used")
            }
        case .addresses(let family):
            endpoints = fields.list("endpoints", of: document) { Self.member(&$0, $1, family: family) }
        }
    }

    private static func port(_ fields: inout FieldReader, _ value: DocumentValue) -> Port? {
        guard let object = fields.object(value) else { return nil }
        let name = fields.optional("name", of: object) { $0.portName($1) } ?? ""
        let transport = fields.optional("protocol", of: object) { $0.transport($1) } ?? .tcp
        switch object["port"] {
        case nil, .null, .integer(0), .double(0):
            fields.atField("port", of: object) {
                $0.warning("the port has no number and is ignored; it must be from 1 to 65535")
            }
            return nil
        default:
            let number = fields.optional("port", of: object) { $0.port($1) }
            return number.map { Port(name: name, transport: transport, number: $0) }
        }
    }

    private static func member(
        _ fields: inout FieldReader, _ value: DocumentValue, family: IPFamily
    ) -> Member? {
        guard let object = fields.object(value) else { return nil }
        let address = fields.required("addresses", of: object, need: "a list of one address") {
            firstAddress(&$0, $1, family: family)
        }
        let conditions = fields.optional("conditions", of: object) { fields, value in
            fields.object(value).map { Self.conditions(&fields, $0) }
        }
        let nodeName = fields.optional("nodeName", of: object) { $0.text($1) }
        var member = address.map {
            Member(
                address: $0, conditions: conditions ?? [.ready, .serving], nodeName: nodeName,
                podName: object.referencedPod, zone: object["zone"]?.string)
        }
        fields.inside("hints", of: object) { fields, hints in
            member?.zoneHints = Set(fields.list("forZones", of: hints, hintedName))
            member?.nodeHints = Set(fields.list("forNodes", of: hints, hintedName))
        }
        return member
    }

    /// kube-proxy uses the first address only, and ignores an endpoint that has none.
    private static func firstAddress(
        _ fields: inout FieldReader, _ value: DocumentValue, family: IPFamily
    ) -> IPAddress? {
        if value == .array([]) {
            fields.warning("the endpoint has no address and is ignored; it must have one")
            return nil
        }
        if let count = value.array?.count, count > 1 {
            fields.warning("the endpoint has \(count) addresses, of which only the first is used")
        }
        let addresses = fields.elements(value) { fields, value -> IPAddress? in
            guard let address = fields.address(value) else { return nil }
            if address.family == family { return address }
            fields.error(
                "invalid \(family.kubernetesName) address \(address): the addressType of the slice is "
                    + family.kubernetesName)
            return nil
        }
        return addresses?.first
    }

    /// Unknown counts as ready and serving, and as not terminating; `serving` does not follow `ready`.
    private static func conditions(_ fields: inout FieldReader, _ object: DocumentObject) -> EndpointConditions {
        var conditions: EndpointConditions = []
        if fields.optional("ready", of: object, { $0.boolean($1) }) ?? true { conditions.insert(.ready) }
        if fields.optional("serving", of: object, { $0.boolean($1) }) ?? true { conditions.insert(.serving) }
        if fields.optional("terminating", of: object, { $0.boolean($1) }) ?? false { conditions.insert(.terminating) }
        return conditions
    }

    private static func hintedName(_ fields: inout FieldReader, _ value: DocumentValue) -> String? {
        guard let object = fields.object(value) else { return nil }
        return fields.required("name", of: object, need: "the name of a zone or node") { $0.text($1) }
    }
}

extension DocumentObject {
    /// The name of the Pod that `targetRef` of an endpoint refers to; anything else there is of no interest to a proxy.
    var referencedPod: String? {
        guard let reference = self["targetRef"]?.object, reference["kind"]?.string == "Pod" else { return nil }
        return reference["name"]?.string
    }
}

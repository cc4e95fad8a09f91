// SPDX-License-Identifier: Apache-2.0

import Documents
import Messages
import NetworkTypes
import ServiceModel

extension Service {
    /// Reads the fields of a Service; what is wrong is in `fields` afterwards.
    init(_ metadata: ObjectMetadata, document: DocumentObject, fields: inout FieldReader) {
        self.init(name: ServiceName(metadata.name), origin: fields.origin)
        otherProxy = metadata.label(Service.otherProxyLabel)
        fields.inside("metadata", of: document) { fields, metadata in
            fields.inside("annotations", of: metadata) { fields, annotations in
                readAnnotations(annotations, &fields)
            }
        }
        fields.inside("spec", of: document) { fields, spec in
            readSpecification(spec, &fields)
        }
        if document["spec"] == nil || document["spec"] == .null {
            fields.atField("spec", of: document) {
                $0.error("is missing; it must be a mapping with the ports of the Service")
            }
        }
        fields.inside("status", of: document) { fields, status in
            fields.inside("loadBalancer", of: status) { fields, loadBalancer in
                loadBalancerVIPs = fields.list("ingress", of: loadBalancer, Self.capturedAddress)
            }
        }
    }

    private mutating func readSpecification(_ spec: DocumentObject, _ fields: inout FieldReader) {
        type =
            fields.optional("type", of: spec) {
                $0.choice(
                    $1,
                    [
                        "ClusterIP": ServiceType.clusterIP, "NodePort": .nodePort, "LoadBalancer": .loadBalancer,
                        "ExternalName": .externalName,
                    ])
            } ?? .clusterIP
        // Of an alias nothing else has a meaning: what is left over from an earlier type is not read.
        guard type != .externalName else { return }
        clusterAddress = Self.clusterAddress(spec, &fields)
        if otherProxy == nil, Self.isEmpty(spec["clusterIP"]), Self.isEmpty(spec["clusterIPs"]) {
            fields.atField("clusterIP", of: spec) {
                $0.warning("the Service has none and is skipped; an API server would allocate one, so write one")
            }
        }
        readPorts(spec, &fields)
        readPolicies(spec, &fields)
        readExternalIPs(spec, &fields)
        loadBalancerSourceRanges = fields.list("loadBalancerSourceRanges", of: spec) { $0.range($1) }
    }

    private static func isEmpty(_ value: DocumentValue?) -> Bool {
        switch value {
        case nil, .null, .string(""), .array([]): true
        default: false
        }
    }

    private mutating func readPolicies(_ spec: DocumentObject, _ fields: inout FieldReader) {
        func policy(_ key: String) -> TrafficPolicy {
            fields.optional(key, of: spec) { $0.choice($1, ["Cluster": .cluster, "Local": .local]) } ?? .cluster
        }
        internalTrafficPolicy = policy("internalTrafficPolicy")
        externalTrafficPolicy = policy("externalTrafficPolicy")
        healthCheckNodePort = fields.optional("healthCheckNodePort", of: spec) { $0.portOrZero($1) }
        let hasAffinity = fields.optional("sessionAffinity", of: spec) {
            $0.choice($1, ["None": false, "ClientIP": true])
        }
        if hasAffinity == true {
            sessionAffinity = .clientIP(
                timeoutSeconds: Self.affinityTimeout(spec, &fields) ?? Self.defaultAffinityTimeout)
        }
    }

    private static func affinityTimeout(_ spec: DocumentObject, _ fields: inout FieldReader) -> UInt32? {
        fields.inside("sessionAffinityConfig", of: spec) { fields, configuration in
            fields.inside("clientIP", of: configuration) { fields, clientIP in
                fields.optional("timeoutSeconds", of: clientIP) { fields, value in
                    guard let seconds = fields.integer(value) else { return nil }
                    guard affinityTimeouts.contains(seconds) else {
                        fields.error("invalid timeout \(seconds): must be from 1 to 86400 seconds")
                        return nil
                    }
                    return UInt32(seconds)
                }
            }
        }
    }

    /// kube-proxy ignores entries of `externalIPs` that are no address, and keeps repetitions.
    private mutating func readExternalIPs(_ spec: DocumentObject, _ fields: inout FieldReader) {
        var seen: Set<IPAddress> = []
        externalIPs = fields.list("externalIPs", of: spec) { fields, value -> IPAddress? in
            declaresExternalIPs = true
            guard let text = fields.text(value) else { return nil }
            guard let address = IPAddress(text) else {
                fields.warning("invalid IP address \(MessageText.quoted(text)): the entry is ignored")
                return nil
            }
            fields.warnUnlessCanonical(text, readAs: address.description)
            if !seen.insert(address).inserted {
                fields.warning("duplicate address \(address): its rules are repeated")
            }
            return address
        }
    }

    private static func capturedAddress(_ fields: inout FieldReader, _ value: DocumentValue) -> IPAddress? {
        guard let ingress = fields.object(value) else { return nil }
        let isCaptured =
            fields.optional("ipMode", of: ingress) { $0.choice($1, ["VIP": true, "Proxy": false]) } ?? true
        let address = fields.optional("ip", of: ingress) { $1 == .string("") ? nil : $0.address($1) }
        return isCaptured ? address : nil
    }
}

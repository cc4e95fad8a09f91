// SPDX-License-Identifier: Apache-2.0

import Documents
import NetworkTypes
import ServiceModel

/// A Node (v1) as far as a proxy reads it.
public struct NodeObject: Sendable, Hashable {
    /// Where it was read.
    public var origin: ObjectOrigin
    /// The node it describes.
    ///
    /// The addresses are those of type InternalIP, then those of type ExternalIP, each in the object's order: the first
    /// of a family is the node's address (`GetNodeHostIPs`).
    public var node: Node
    /// Whether the node is about to be removed, so that load balancers must use other nodes: see ``removalTaint``.
    ///
    /// True if the object is being deleted or has that taint (pkg/proxy/healthcheck/proxy_health.go, `Health`).
    public var isLeaving = false

    /// The taint by which the cluster autoscaler announces that it will remove a node.
    public static let removalTaint = "ToBeDeletedByClusterAutoscaler"

    /// The object of a node that stays.
    public init(node: Node, origin: ObjectOrigin = .none) {
        self.node = node
        self.origin = origin
    }

    /// The name.
    public var name: ObjectName { ObjectName(namespace: "", name: node.name) }

    /// Reads the fields of a Node; what is wrong is in `fields` afterwards.
    init(_ metadata: ObjectMetadata, document: DocumentObject, fields: inout FieldReader) {
        origin = fields.origin
        node = Node(name: metadata.name.name, labels: metadata.allLabels)
        isLeaving = metadata.isBeingDeleted
        fields.inside("spec", of: document) { fields, spec in
            let first = fields.optional("podCIDR", of: spec) { $1 == .string("") ? nil : $0.range($1) }
            node.podCIDRs = fields.list("podCIDRs", of: spec) { $0.range($1) }
            if node.podCIDRs.isEmpty, let first { node.podCIDRs = [first] }
            if fields.list("taints", of: spec, Self.taint).contains(Self.removalTaint) { isLeaving = true }
        }
        fields.inside("status", of: document) { fields, status in
            let addresses = fields.list("addresses", of: status, Self.address)
            let byRank = addresses.filter { $0.isInternal } + addresses.filter { !$0.isInternal }
            node.addresses = byRank.map(\.address)
        }
    }

    /// The key of a taint, whatever its effect.
    private static func taint(_ fields: inout FieldReader, _ value: DocumentValue) -> String? {
        fields.object(value).flatMap { object in
            fields.required("key", of: object, need: "the key of the taint") { $0.text($1) }
        }
    }

    private struct RankedAddress {
        let address: IPAddress
        let isInternal: Bool
    }

    /// Host names and whatever other types there are do not count as the node's address.
    private static func address(_ fields: inout FieldReader, _ value: DocumentValue) -> RankedAddress? {
        guard let object = fields.object(value) else { return nil }
        guard let type = fields.required("type", of: object, need: "the type of the address", { $0.text($1) }),
            type == "InternalIP" || type == "ExternalIP"
        else { return nil }
        let address = fields.required("address", of: object, need: "an IP address") { $0.address($1) }
        return address.map { RankedAddress(address: $0, isInternal: type == "InternalIP") }
    }
}

// SPDX-License-Identifier: Apache-2.0

/// A resource that the test server serves.
public enum ServedResource: String, CaseIterable, Sendable, Hashable {
    case services, endpointslices, nodes, endpoints

    /// The kind of its objects.
    public var kind: String {
        switch self {
        case .services: "Service"
        case .endpointslices: "EndpointSlice"
        case .nodes: "Node"
        case .endpoints: "Endpoints"
        }
    }

    /// The version of the API.
    public var apiVersion: String { self == .endpointslices ? "discovery.k8s.io/v1" : "v1" }

    /// The path of the list.
    public var path: String {
        self == .endpointslices ? "/apis/discovery.k8s.io/v1/endpointslices" : "/api/v1/\(rawValue)"
    }

    var isNamespaced: Bool { self != .nodes }

    /// What an empty object of the kind has besides its metadata: a bookmark carries it.
    var emptyRest: String {
        switch self {
        case .services: #","spec":{},"status":{"loadBalancer":{}}"#
        case .endpointslices: #","addressType":"","endpoints":null,"ports":null"#
        case .nodes: #","spec":{},"status":{"daemonEndpoints":{"kubeletEndpoint":{"Port":0}},"nodeInfo":{}}"#
        case .endpoints: ""
        }
    }

    /// What the server of a real cluster notes of who set which field; about as long as there.
    var managedFields: String {
        let fields =
            switch self {
            case .services:
                #""f:spec":{"f:clusterIP":{},"f:internalTrafficPolicy":{},"f:ports":{".":{},"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{},"f:port":{},"f:protocol":{},"f:targetPort":{}}},"f:selector":{},"f:sessionAffinity":{},"f:type":{}}"#
            case .endpointslices:
                #""f:addressType":{},"f:endpoints":{},"f:metadata":{"f:annotations":{".":{},"f:endpoints.kubernetes.io/last-change-trigger-time":{}},"f:labels":{".":{},"f:endpointslice.kubernetes.io/managed-by":{},"f:kubernetes.io/service-name":{}}},"f:ports":{}"#
            case .nodes:
                #""f:metadata":{"f:labels":{".":{},"f:kubernetes.io/hostname":{},"f:topology.kubernetes.io/zone":{}}}"#
            case .endpoints:
                #""f:subsets":{}"#
            }
        return
            #"[{"manager":"unknown","operation":"Update","apiVersion":"\#(apiVersion)","time":"2026-11-23T22:13:32Z","fieldsType":"FieldsV1","fieldsV1":{\#(fields)}}]"#
    }

    init?(kind: String) {
        guard let resource = Self.allCases.first(where: { $0.kind == kind }) else { return nil }
        self = resource
    }
}

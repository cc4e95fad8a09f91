// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// What a request asks to be allowed, in the words of RBAC: a verb, and what it is about.
///
/// After what a real server makes of paths (staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go).
struct RequestedAccess: Hashable, Sendable, CustomStringConvertible {
    /// `list services`, `watch endpointslices.discovery.k8s.io`, `get /version`.
    let description: String

    init(_ request: Request) {
        let query = request.uri.queryParameters
        var path = request.uri.path.split(separator: "/").map(String.init)[...]
        let root = path.popFirst()
        let group = root == "apis" ? path.popFirst() : nil
        guard root == "api" || root == "apis", path.popFirst() != nil else {
            description = "\(request.method.rawValue.lowercased()) \(request.uri.path)"
            return
        }
        if path.first == "namespaces", path.count > 2 { path = path.dropFirst(2) }
        let resource = path.popFirst() ?? ""
        let hasName = path.popFirst() != nil
        let subresource = path.first.map { "/\($0)" } ?? ""
        let isWatch = ["1", "true"].contains(query["watch"].map(String.init) ?? "")
        let verb =
            switch request.method {
            case .get: isWatch ? "watch" : hasName ? "get" : "list"
            case .post: "create"
            case .put: "update"
            case .patch: "patch"
            case .delete: hasName ? "delete" : "deletecollection"
            default: request.method.rawValue.lowercased()
            }
        description = "\(verb) \(resource)\(subresource)\(group.map { ".\($0)" } ?? "")"
    }
}

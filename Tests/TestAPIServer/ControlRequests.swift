// SPDX-License-Identifier: Apache-2.0

import Documents
import Hummingbird
import NIOCore

/// The server's own endpoints, below `/control`, for tests in other processes.
///
/// - `PUT /control/objects`: an object or a list of objects; new or changed.
/// - `DELETE /control/objects?kind=&namespace=&name=`
/// - `POST /control/faults?resource=&fault=[&scope=][&times=][&code=][&retryAfter=]`; see ``Fault/init(name:code:retryAfter:)``.
/// - `DELETE /control/faults`
/// - `POST /control/watches?resource=&do=close|drop|garbage|silence`: what running watches meet.
/// - `POST /control/compact`: forgets the history, so that older versions are gone.
/// - `GET /control/stats`: how often each resource was asked for, and what of access that took.
struct ControlRequests: Sendable {
    let store: ObjectStore

    private static let bodyLimit = 1 << 30

    /// - Returns: `nil` if the path is none of these.
    func answer(_ request: Request) async throws -> Response? {
        guard request.uri.path.hasPrefix("/control/") else { return nil }
        let query = request.uri.queryParameters
        func parameter(_ name: Substring) -> String? { query[name].map(String.init) }
        do {
            switch (request.method, request.uri.path.dropFirst("/control/".count)) {
            case (.put, "objects"):
                let body = try await request.body.collect(upTo: Self.bodyLimit)
                try store.put(try ObjectFile.objects(Array(body.readableBytesView)))
            case (.delete, "objects"):
                guard let resource = parameter("kind").flatMap({ ServedResource(kind: $0) }),
                    let name = parameter("name")
                else { throw ServerProblem(description: "kind and name are needed") }
                let namespace = parameter("namespace") ?? "default"
                store.delete(resource, key: resource.isNamespaced ? "\(namespace)/\(name)" : name)
            case (.post, "faults"):
                let code = parameter("code").flatMap { Int($0) }
                let retryAfter = parameter("retryAfter").flatMap { Int($0) }
                guard let resource = parameter("resource").flatMap({ ServedResource(rawValue: $0) }),
                    let fault = Fault(name: parameter("fault") ?? "", code: code, retryAfter: retryAfter),
                    let scope = FaultScope(rawValue: parameter("scope") ?? "any")
                else { throw ServerProblem(description: "resource, fault or scope is unknown") }
                store.add(fault, to: resource, scope: scope, times: parameter("times").flatMap { Int($0) } ?? 1)
            case (.delete, "faults"):
                store.clearFaults()
            case (.post, "watches"):
                guard let resource = parameter("resource").flatMap({ ServedResource(rawValue: $0) }),
                    let action = WatchAction(rawValue: parameter("do") ?? "")
                else { throw ServerProblem(description: "resource or do is unknown") }
                action.apply(to: resource, store)
            case (.post, "compact"):
                store.compact()
            case (.get, "stats"):
                break
            default:
                return APIRequests.status(.notFound)
            }
        } catch {
            return APIRequests.status(StatusAnswer(code: 400, reason: "BadRequest", message: "\(error)"))
        }
        return APIRequests.json(Array(stats.utf8))
    }

    private var stats: String {
        let resources = ServedResource.allCases.map { resource in
            let counts = store.counts(resource)
            return #""\#(resource)":{"lists":\#(counts.lists),"pages":\#(counts.pages),"probes":\#(counts.probes),"#
                + #""watches":\#(counts.watches),"running":\#(counts.running),"faults":\#(counts.faults)}"#
        }
        let access = store.access.map { "\"\($0)\"" }.sorted().joined(separator: ",")
        let members = resources + [#""access":[\#(access)]"#]
        return #"{"resourceVersion":"\#(store.version)",\#(members.joined(separator: ","))}"# + "\n"
    }
}

/// Something that happens to running watches.
public enum WatchAction: String, Sendable, Hashable {
    /// They end as they do when their time is up.
    case close
    /// They break in the middle of a line.
    case drop
    /// They get bytes that are no JSON.
    case garbage
    /// They go on without a byte, as half-open connections do.
    case silence

    func apply(to resource: ServedResource, _ store: ObjectStore) {
        switch self {
        case .close:
            store.send([], to: resource, isEnd: true)
        case .drop:
            let half = ByteBuffer(string: #"{"type":"MODIFIED","object":{"kind":"\#(resource.kind)","apiVer"#)
            store.send([.bytes(half), .broken], to: resource, isEnd: true)
        case .garbage:
            store.send([.bytes(ByteBuffer(bytes: [0x00, 0xff, 0x7b, 0x0a]))], to: resource, isEnd: false)
        case .silence:
            store.silenceWatches(resource)
        }
    }
}

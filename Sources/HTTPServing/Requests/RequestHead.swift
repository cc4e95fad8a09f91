// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Synchronization

/// What the head of a request says about its host, which the types of swift-http-types no longer show: they take the first of
/// several headers `Host`, and no host of the request's target.
struct RequestHead: Sendable {
    /// The host; `nil` if the request names none.
    let host: RequestedHost?
    /// Why the request is refused, in words; `nil` if it is not.
    let fault: String?
    /// Whether the client waits for the end of the connection, as HTTP/1.0 has it.
    let isLast: Bool

    /// - Parameter needsHost: whether HTTP/1.1 must name a host; on a Unix socket there is none to be mistaken about.
    init(_ head: HTTPRequestHead, needsHost: Bool) {
        isLast = head.version == .http1_0 && !head.isKeepAlive
        do throws(Fault) {
            host = try Self.host(of: head, isNeeded: needsHost && head.version != .http1_0)
            fault = nil
        } catch {
            host = nil
            fault = error.text
        }
    }

    private struct Fault: Error {
        let text: String
    }

    /// As Go's server, and RFC 9112 (section 3.2), which leaves no choice: proxies and servers that choose differently among
    /// several hosts can be played off against each other.
    private static func host(of head: HTTPRequestHead, isNeeded: Bool) throws(Fault) -> RequestedHost? {
        let headers = head.headers["Host"]
        guard headers.count <= 1 else { throw Fault(text: "more than one header Host: send it once") }
        guard !headers.isEmpty || !isNeeded else {
            throw Fault(text: "the header Host is missing: HTTP/1.1 requires it")
        }
        let named = headers.first.map(RequestedHost.init)
        if case .some(.none) = named { throw Fault(text: "malformed header Host: must be HOST or HOST:PORT") }
        let host = named ?? nil
        guard head.method != .CONNECT, let target = try self.host(ofTarget: head.uri) else { return host }
        guard host == nil || host == target else {
            throw Fault(text: "the request's target and its header Host name different hosts")
        }
        return target
    }

    /// The host of a target in absolute form (`GET http://localhost/metrics HTTP/1.1`); `nil` for a path or `*`.
    private static func host(ofTarget target: String) throws(Fault) -> RequestedHost? {
        if target.hasPrefix("/") || target == "*" { return nil }
        let start = ["http://", "https://"].first { target.lowercased().hasPrefix($0) }
        guard let start, let host = RequestedHost(String(target.dropFirst(start.count).prefix { !"/?#".contains($0) }))
        else { throw Fault(text: "invalid request target: must be a path, or http:// with a host and a path") }
        return host
    }
}

/// The heads of the requests of a connection that wait for their answer, in their order.
final class RequestHeads: Sendable {
    private let heads = Mutex<[RequestHead]>([])

    func append(_ head: RequestHead) { heads.withLock { $0.append(head) } }

    func next() -> RequestHead? { heads.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
}

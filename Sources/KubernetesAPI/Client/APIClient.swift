// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NetworkTypes

/// The HTTP client of an API server: single answers and streams.
///
/// Requests go over HTTP/1.1: each watch has a connection of its own then, and a dead one stalls no other. No redirect
/// is followed, and nothing is retried but what was refused with 401, once, with fresh credentials.
package final class APIClient: Sendable {
    package let connection: ClusterConnection

    let limits: ClientLimits
    private let userAgent: String
    private let credentials: CredentialStore
    private let http: HTTPClient
    private let onEvent: @Sendable (APIRequestEvent) -> Void

    /// A client without connections; ``shutdown()`` must be called in the end.
    ///
    /// - Parameters:
    ///   - connection: the server, and who asks it.
    ///   - version: the version of kubetables, for `User-Agent`.
    ///   - limits: how long to wait, and how much to receive.
    ///   - onEvent: is called for each answer, each request without one, and the end of each request that is not a watch.
    package init(
        _ connection: ClusterConnection, version: String, limits: ClientLimits = ClientLimits(),
        onEvent: @escaping @Sendable (APIRequestEvent) -> Void = { _ in }
    ) {
        self.connection = connection
        self.limits = limits
        self.onEvent = onEvent
        userAgent = "kubetables/\(version)"
        credentials = CredentialStore(connection, limits: limits)
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(limits.connect), read: TimeAmount(limits.silence)))
        configuration.httpVersion = .http1Only
        // Else a refused connection is tried again until the time is up; we have a back-off of our own.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.http1_1ConnectionDebugInitializer = { channel in
            ConnectionLiveness.enable(on: channel).flatMap { FramingGuard.enable(on: channel) }
        }
        configuration.proxy = connection.proxy.map(HTTPClient.Configuration.Proxy.init)
        if let name = connection.serverName { configuration.dnsOverride = [name: connection.server.host] }
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Closes all connections; the client is of no use afterwards.
    package func shutdown() async { try? await http.shutdown() }

    /// The answer to a GET as a whole.
    ///
    /// - Parameters:
    ///   - path: a path of the API, such as `/api/v1/services`.
    ///   - query: names and values, not yet escaped.
    package func get(_ path: String, query: KeyValuePairs<String, String> = [:]) async throws(APIFailure) -> [UInt8] {
        try await get(path, query: query.map { ($0.key, $0.value) })
    }

    func get(_ path: String, query: [(String, String)]) async throws(APIFailure) -> [UInt8] {
        let deadline = NIODeadline.now() + TimeAmount(limits.answer)
        let began = ContinuousClock.now
        defer { if !Task.isCancelled { report(.ended(.now - began)) } }
        let response = try await open(path, query: query, deadline: deadline)
        return try await body(of: response, limit: limits.answerSize, isObject: true, deadline: deadline)
    }

    /// An answer that goes on for as long as the server likes, and silence lasts no longer than the limit.
    func stream(_ path: String, query: [(String, String)]) async throws(APIFailure) -> HTTPClientResponse.Body {
        try await open(path, query: query, deadline: .distantFuture).body
    }

    private func open(
        _ path: String, query: [(String, String)], deadline: NIODeadline
    ) async throws(APIFailure) -> HTTPClientResponse {
        let identity = try await credentials.identity()
        do throws(APIFailure) {
            return try await send(path, query: query, identity: identity, deadline: deadline)
        } catch .refused(let status) where status.code == 401 {
            // Tokens rotate: what was refused may have been replaced in the meantime.
            await credentials.refuse(identity)
            return try await send(path, query: query, identity: try await credentials.identity(), deadline: deadline)
        }
    }

    private func send(
        _ path: String, query: [(String, String)], identity: Identity, deadline: NIODeadline
    ) async throws(APIFailure) -> HTTPClientResponse {
        var request = HTTPClientRequest(url: url(path, query: query))
        request.headers.add(name: "Host", value: connection.server.authority())
        request.headers.add(name: "User-Agent", value: userAgent)
        request.headers.add(name: "Accept", value: "application/json")
        if let authorization = identity.authorization {
            request.headers.add(name: "Authorization", value: authorization)
        }
        request.tlsConfiguration = identity.encryption
        let response: HTTPClientResponse
        do {
            response = try await http.execute(request, deadline: deadline, logger: Self.silent)
        } catch {
            if !Task.isCancelled { report(.failed) }
            throw await explained(TransportErrors.failure(error, limits: limits, isAnswering: false))
        }
        report(.answered(status: Int(response.status.code)))
        if response.status.code == 200 { return response }
        // A short look is enough for a Status object, and errors without one may be endless.
        let soon = min(deadline, .now() + TimeAmount(limits.answer))
        let body = (try? await body(of: response, limit: Self.errorSize, isObject: false, deadline: soon)) ?? []
        throw .refused(
            APIStatus(
                code: Int(response.status.code), retryAfterHeader: response.headers.first(name: "Retry-After"),
                body: body))
    }

    private func report(_ kind: APIRequestEvent.Kind) {
        onEvent(APIRequestEvent(kind: kind, host: connection.server.authority()))
    }

    /// A refused certificate with the names that it has and the one that it lacks.
    private func explained(_ failure: APIFailure) async -> APIFailure {
        guard failure == .untrusted(TransportErrors.wrongName), connection.proxy == nil else { return failure }
        let server = connection.server
        let wanted = connection.serverName ?? server.host
        let names = await CertificateProbe.names(
            host: server.host, port: server.port, serverName: IPAddress(wanted) == nil ? wanted : nil)
        guard let names else { return failure }
        let found = names.isEmpty ? "it has no names" : "it is for \(names.joined(separator: ", "))"
        return .untrusted("the server's certificate is not for \(ServerText.line(wanted)): \(found)")
    }

    private static let errorSize = 1 << 20
    private static let silent = Logger(label: "http", factory: { _ in SwiftLogNoOpLogHandler() })

    private func url(_ path: String, query: [(String, String)]) -> String {
        let server = connection.server
        let scheme = server.isEncrypted ? "https" : "http"
        let escaped = query.map { "\(Self.escaped($0.0))=\(Self.escaped($0.1))" }.joined(separator: "&")
        let root = "\(scheme)://\(server.authority(host: connection.serverName))\(server.basePath)\(path)"
        return escaped.isEmpty ? root : "\(root)?\(escaped)"
    }

    /// Only the unreserved characters stay as they are (RFC 3986, §2.3).
    private static func escaped(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            let character = Character(UnicodeScalar(byte))
            if character.isASCII, character.isLetter || character.isNumber || "-._~".contains(character) {
                result.append(character)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
    }

    /// The whole body; AsyncHTTPClient's deadline ends with the head, so this one is ours.
    ///
    /// - Parameter isObject: whether it must be a JSON object: then what begins otherwise is not waited for, and fills no memory.
    private func body(
        of response: HTTPClientResponse, limit: Int, isObject: Bool, deadline: NIODeadline
    ) async throws(APIFailure) -> [UInt8] {
        let limits = limits
        let result: Result<[UInt8], APIFailure> = await withTaskGroup { group in
            group.addTask { await Self.bytes(of: response, limit: limit, isObject: isObject, limits: limits) }
            group.addTask {
                try? await Task.sleep(for: .nanoseconds((deadline - .now()).nanoseconds))
                return .failure(
                    Task.isCancelled
                        ? .cancelled
                        : TransportErrors.failure(HTTPClientError.deadlineExceeded, limits: limits, isAnswering: true))
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(.cancelled)
        }
        // A cancelled sequence ends as if it were complete.
        if Task.isCancelled { throw .cancelled }
        return try result.get()
    }

    private static func bytes(
        of response: HTTPClientResponse, limit: Int, isObject: Bool, limits: ClientLimits
    ) async -> Result<[UInt8], APIFailure> {
        var bytes: [UInt8] = []
        var hasBegun = !isObject
        if let length = response.headers.first(name: "Content-Length").flatMap({ Int($0) }), length <= limit {
            bytes.reserveCapacity(length)
        }
        do {
            for try await chunk in response.body {
                guard bytes.count + chunk.readableBytes <= limit else {
                    return .failure(.invalidAnswer("more than \(limit) bytes"))
                }
                if !hasBegun, let start = chunk.readableBytesView.first(where: { !$0.isJSONBlank }) {
                    guard start == UInt8(ascii: "{") else {
                        let beginning = ServerText.beginning(of: chunk.readableBytesView)
                        return .failure(.invalidAnswer("no JSON object, but what begins with \(beginning)"))
                    }
                    hasBegun = true
                }
                bytes.append(contentsOf: chunk.readableBytesView)
            }
            return .success(bytes)
        } catch {
            return .failure(TransportErrors.failure(error, limits: limits, isAnswering: true))
        }
    }
}

extension HTTPClient.Configuration.Proxy {
    fileprivate init(_ address: ProxyAddress) {
        switch address.kind {
        case .socks5:
            self = .socksServer(host: address.host, port: address.port)
        case .http:
            let authorization = address.username.map { name in
                HTTPClient.Authorization.basic(username: name, password: address.password ?? "")
            }
            self = .server(host: address.host, port: address.port, authorization: authorization)
        }
    }
}

extension UInt8 {
    /// Whether JSON allows it between tokens (RFC 8259, section 2).
    fileprivate var isJSONBlank: Bool { [0x20, 0x09, 0x0a, 0x0d].contains(self) }
}

extension TimeAmount {
    fileprivate init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}

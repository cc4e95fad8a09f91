// SPDX-License-Identifier: Apache-2.0

import Documents
import Hummingbird
import NIOCore

/// Answers requests to the API as a real server does, or as a test wants it to go wrong.
struct APIRequests: Sendable {
    let store: ObjectStore

    private static let longestHang = Duration.seconds(3600)

    /// - Returns: `nil` if the path is none of the API's.
    func answer(_ request: Request) async throws -> Response? {
        let path = request.uri.path
        guard path.hasPrefix("/api") || path == "/version" else { return nil }
        store.note(RequestedAccess(request))
        guard store.accepts(authorization: request.headers[.authorization]) else { return Self.status(.unauthorized) }
        if path == "/version" { return Self.json(Array(#"{"major":"1","minor":"36","gitVersion":"v1.36.2"}"#.utf8)) }
        guard let resource = ServedResource.allCases.first(where: { $0.path == path }) else {
            return Self.status(.notFound)
        }
        let query = request.uri.queryParameters
        func parameter(_ name: Substring) -> String? { query[name].map(String.init) }
        let isWatch = ["1", "true"].contains(parameter("watch") ?? "")
        let continuation = parameter("continue")
        let limit = parameter("limit").flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        let selectors: Selectors
        do {
            selectors = try Selectors(labels: parameter("labelSelector"), fields: parameter("fieldSelector"))
        } catch {
            return Self.status(StatusAnswer(code: 400, reason: "BadRequest", message: "\(error)"))
        }
        count(resource, isWatch: isWatch, limit: limit, continuation: continuation)
        let scope: FaultScope = isWatch ? .watch : continuation == nil ? .list : .page
        if let fault = store.fault(for: resource, scope: scope),
            let response = try await answer(with: fault, resource, isWatch: isWatch)
        {
            return response
        }
        do throws(ObjectStore.StatusRefusal) {
            if isWatch {
                let start = parameter("resourceVersion").flatMap { Int($0) } ?? store.version
                let seconds = parameter("timeoutSeconds").flatMap { Double($0) } ?? 1800
                return try watch(resource, selectors, from: start, limit: .seconds(seconds))
            }
            if let version = parameter("resourceVersion").flatMap({ Int($0) }), version > store.version {
                return Self.status(.tooLarge(version, current: store.version))
            }
            return Self.json(try store.page(resource, selectors, limit: limit, continuation: continuation))
        } catch {
            return Self.status(error.answer)
        }
    }

    private func count(_ resource: ServedResource, isWatch: Bool, limit: Int?, continuation: String?) {
        if isWatch {
            store.count(resource, \.watches)
        } else if continuation != nil {
            store.count(resource, \.pages)
        } else {
            store.count(resource, limit == 1 ? \.probes : \.lists)
        }
    }

    private func watch(
        _ resource: ServedResource, _ selectors: Selectors, from start: Int, limit: Duration
    ) throws(ObjectStore.StatusRefusal) -> Response {
        let (number, items) = try store.watch(resource, selectors, from: start)
        let body = ResponseBody { [store] writer in
            let end = Task {
                try await Task.sleep(for: limit)
                store.endWatch(number)
            }
            defer {
                end.cancel()
                store.endWatch(number)
            }
            for await item in items {
                switch item {
                case .bytes(let buffer): try await writer.write(buffer)
                case .broken: throw ServerProblem(description: "a test breaks the connection")
                }
            }
            try Task.checkCancellation()
            try await writer.finish(nil)
        }
        return Self.stream(body)
    }

    /// - Returns: `nil` if the request is answered as if nothing were wrong, only later.
    private func answer(with fault: Fault, _ resource: ServedResource, isWatch: Bool) async throws -> Response? {
        switch fault {
        case .refuse(let code, let retryAfter):
            return Self.status(.refusal(code, resource: resource, retryAfter: retryAfter))
        case .errorEvent(let code):
            let status = StatusAnswer.refusal(code, resource: resource)
            return isWatch
                ? Self.json(Array((#"{"type":"ERROR","object":\#(status.json)}"# + "\n").utf8))
                : Self.status(status)
        case .garbage(let bytes):
            return Self.json(bytes)
        case .endlessLine:
            let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 << 10)
            return Self.stream(ResponseBody { writer in while true { try await writer.write(piece) } })
        case .drop:
            return Self.stream(
                ResponseBody { writer in
                    try await writer.write(ByteBuffer(string: #"{"type":"ADDED","object":{"kind":"Serv"#))
                    throw ServerProblem(description: "a test breaks the connection")
                })
        case .hang:
            try await Task.sleep(for: Self.longestHang)
            return nil
        case .hangAfterHead:
            return Self.stream(ResponseBody { _ in try await Task.sleep(for: Self.longestHang) })
        case .trickle:
            return Self.stream(
                ResponseBody { writer in
                    while true {
                        try await writer.write(ByteBuffer(string: " "))
                        try await Task.sleep(for: .milliseconds(50))
                    }
                })
        case .close:
            return Self.stream(ResponseBody { try await $0.finish(nil) })
        case .delay(let duration):
            try await Task.sleep(for: duration)
            return nil
        }
    }

    static func json(_ bytes: [UInt8]) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    static func stream(_ body: ResponseBody) -> Response {
        Response(status: .ok, headers: [.contentType: "application/json"], body: body)
    }

    static func status(_ answer: StatusAnswer) -> Response {
        var response = json(Array(answer.json.utf8))
        response.status = .init(code: answer.code)
        if let seconds = answer.retryAfter { response.headers[.retryAfter] = "\(seconds)" }
        return response
    }
}

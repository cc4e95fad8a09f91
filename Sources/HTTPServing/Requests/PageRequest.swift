// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdCore
import NIOCore
import NetworkTypes

/// One request for a page, and how it is answered.
struct PageRequest {
    /// Thrown to end the connection: what else the client sends is not read.
    private struct ConnectionEnd: Error {}

    private let request: Request
    private let head: RequestHead?
    private let channel: any Channel
    private let server: Connections

    /// - Parameter head: what `request` no longer shows; `nil` is a fault of this server, and refused.
    init(_ request: Request, _ head: RequestHead?, _ channel: any Channel, of server: Connections) {
        self.request = request
        self.head = head
        self.channel = channel
        self.server = server
    }

    /// Answers, and ends the connection after the last answer that it may carry.
    func answer(
        _ clients: HTTPServer.Clients, _ writer: consuming ResponseWriter, _ respond: HTTPServer.Respond
    ) async throws {
        var answer = await answer(clients, respond)
        if let copy = answer.copy, request.method != .head, !copy.begin(channel, of: server) {
            answer = copy.refusal
        }
        if let refusal = answer.refusal { server.note(refusal) }
        defer { answer.copy?.end(channel) }
        // Who asks on and on for what there is no room for must not get as many answers.
        let isLast = clients == .probes || hasBody || isFaulty || head?.isLast == true || answer.refusal != nil
        if isLast { answer.headers.append(("Connection", "close")) }
        let whole = response(answer)
        let page = request.method == .head ? whole.createHeadResponse() : whole
        let deadline = server.endAnswer(on: channel)
        defer { deadline.cancel() }
        try await writer.write(response: page.head, body: page.body)
        if isLast { throw ConnectionEnd() }
        // The writer learns on the channel's event loop that the socket is full: without a round trip to it, answers to
        // requests that have come already would be made although nobody reads them.
        try await channel.eventLoop.submit {}.get()
    }

    private var isFaulty: Bool { head == nil || head?.fault != nil }

    /// Bodies from readers are refused unread, and so are methods that would change something.
    private func answer(_ clients: HTTPServer.Clients, _ respond: HTTPServer.Respond) async -> HTTPAnswer {
        if isFaulty { return .text("\(head?.fault ?? "invalid HTTP request")\n", status: 400) }
        if clients == .readers {
            if hasBody { return .text("requests with a body are not accepted\n", status: 413) }
            let methods = methods
            guard methods.contains(request.method) else {
                let names = methods.map(\.rawValue).joined(separator: ", ")
                var refusal = HTTPAnswer.text("method not allowed (supported: \(names))\n", status: 405)
                refusal.headers.append(("Allow", names))
                return refusal
            }
        }
        return await respond(query)
    }

    private var methods: [HTTPRequest.Method] {
        [.get, .head] + (server.resettable.contains(request.uri.path) ? [.delete] : [])
    }

    private var query: HTTPServer.Query {
        HTTPServer.Query(
            path: request.uri.path,
            parameters: request.uri.queryParameters.map { .init(name: String($0.key), value: String($0.value)) },
            accept: request.headers[.accept] ?? "", isReset: request.method == .delete,
            isLocal: server.place.isSocket || channel.isLocal,
            isAddressedLocally: server.place.isSocket || isAddressedLocally)
    }

    /// A client without a header `Host` is not a browser.
    private var isAddressedLocally: Bool { head?.host?.isAddressOrLocalhost ?? true }

    private var hasBody: Bool {
        if request.headers[.transferEncoding] != nil { return true }
        return (request.headers[.contentLength] ?? "0") != "0"
    }

    private func response(_ answer: HTTPAnswer) -> Response {
        var fields = HTTPFields()
        for header in answer.headers {
            if let name = HTTPField.Name(header.name) { fields.append(HTTPField(name: name, value: header.value)) }
        }
        fields[.date] = "\(HTTPDate.now)"
        return Response(status: HTTPResponse.Status(code: answer.status), headers: fields, body: body(answer))
    }

    private func body(_ answer: HTTPAnswer) -> ResponseBody {
        guard answer.content.isLarge else { return ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)) }
        return ResponseBody(contentLength: answer.content.count) { [channel] writer in
            // The writer waits for a socket that is full, but learns of it on the channel's event loop: without a round trip
            // to it, the whole page could be on its way before.
            for piece in answer.content.pieces {
                try await writer.write(ByteBuffer(bytes: piece))
                try await channel.eventLoop.submit {}.get()
                answer.copy?.advance(channel)
            }
            try await writer.finish(nil)
        }
    }
}

extension Channel {
    /// Whether the client is on this machine.
    fileprivate var isLocal: Bool {
        guard let client = remoteAddress?.ipAddress else { return false }
        return client == localAddress?.ipAddress || IPAddress(client)?.isLoopback == true
    }
}

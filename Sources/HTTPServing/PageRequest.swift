import HTTPTypes
import HummingbirdCore
import NIOCore

/// One request for a page, and how it is answered.
struct PageRequest {
    /// Thrown to end the connection: what else the client sends is not read.
    private struct ConnectionEnd: Error {}

    private let request: Request
    private let isLocal: Bool

    init(_ request: Request, isLocal: Bool) {
        self.request = request
        self.isLocal = isLocal
    }

    /// Answers, and ends the connection after the last answer that it may carry.
    func answer(
        _ clients: HTTPServer.Clients, _ writer: consuming ResponseWriter, _ respond: HTTPServer.Respond
    ) async throws {
        var answer = await answer(clients, respond)
        let isLast = clients == .probes || hasBody
        if isLast { answer.headers.append(("Connection", "close")) }
        let whole = response(answer)
        let page = request.method == .head ? whole.createHeadResponse() : whole
        try await writer.write(response: page.head, body: page.body)
        if isLast { throw ConnectionEnd() }
    }

    /// Bodies from readers are refused unread, and so are methods that would change something.
    private func answer(_ clients: HTTPServer.Clients, _ respond: HTTPServer.Respond) async -> HTTPAnswer {
        if clients == .readers {
            if hasBody { return .text("requests with a body are not accepted\n", status: 413) }
            guard [.get, .head].contains(request.method) else {
                var refusal = HTTPAnswer.text("method not allowed (supported: GET, HEAD)\n", status: 405)
                refusal.headers.append(("Allow", "GET, HEAD"))
                return refusal
            }
        }
        return await respond(query)
    }

    private var query: HTTPServer.Query { HTTPServer.Query(path: request.uri.path, isLocal: isLocal) }

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
        return Response(
            status: HTTPResponse.Status(code: answer.status), headers: fields,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}

import HTTPTypes
import HummingbirdCore
import KubernetesObjects
import NIOCore

/// One request for a page, and how it is answered.
struct PageRequest {
    /// Ends the connection: whatever else the client sends is not read.
    private struct BodyRefused: Error {}

    private let request: Request
    private let isLocal: Bool

    init(_ request: Request, isLocal: Bool) {
        self.request = request
        self.isLocal = isLocal
    }

    /// A body is refused unread, and so are methods that would change something.
    func answer(_ writer: consuming ResponseWriter, _ respond: HTTPServer.Respond) async throws {
        guard !hasBody else {
            var refusal = response(.text("no body is wanted here\n", status: 413))
            refusal.headers[.connection] = "close"
            try await writer.write(response: refusal.head, body: refusal.body)
            throw BodyRefused()
        }
        let page: Response
        switch request.method {
        case .get: page = response(await respond(query))
        case .head: page = response(await respond(query)).createHeadResponse()
        default:
            var refusal = response(.text("only GET and HEAD are answered\n", status: 405))
            refusal.headers[.allow] = "GET, HEAD"
            page = refusal
        }
        try await writer.write(response: page.head, body: page.body)
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
        fields[.date] = Timestamp.now.httpDate
        return Response(
            status: HTTPResponse.Status(code: answer.status), headers: fields,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}

/// An answer to a request, as plain values: tests need no server to read it.
package struct HTTPAnswer: Sendable {
    /// The status code.
    package var status: Int
    /// The headers, without those that the server adds: content length, date and connection.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    /// An answer whose content type browsers must take as it is (`nosniff`).
    package init(status: Int = 200, contentType: String, body: [UInt8]) {
        self.status = status
        self.body = body
        headers = [("Content-Type", contentType), ("X-Content-Type-Options", "nosniff")]
    }

    /// The value of a header; `nil` if it is absent.
    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The answer for a page that does not exist, with the text of Go's `http.NotFound`.
    package static let notFound = HTTPAnswer.text("404 page not found\n", status: 404)

    package static func json(_ text: String, status: Int = 200) -> HTTPAnswer {
        HTTPAnswer(status: status, contentType: "application/json", body: Array(text.utf8))
    }

    package static func text(_ text: String, status: Int = 200) -> HTTPAnswer {
        HTTPAnswer(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }
}

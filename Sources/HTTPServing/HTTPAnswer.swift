/// An answer to a request, as plain values that need no server to be looked at.
public struct HTTPAnswer: Sendable {
    /// The status code.
    public var status: Int
    /// The headers besides those that the server adds: content length and connection.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]

    /// Makes an answer; browsers are told not to guess another type.
    public init(status: Int = 200, contentType: String, body: [UInt8]) {
        self.status = status
        self.body = body
        headers = [("Content-Type", contentType), ("X-Content-Type-Options", "nosniff")]
    }

    /// The value of a header; `nil` if it is absent.
    public func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// What there is to say of a page that does not exist.
    public static let notFound = HTTPAnswer.text("404 page not found\n", status: 404)

    /// An answer in JSON.
    public static func json(_ text: String, status: Int = 200) -> HTTPAnswer {
        HTTPAnswer(status: status, contentType: "application/json", body: Array(text.utf8))
    }

    /// An answer in plain text.
    public static func text(_ text: String, status: Int = 200) -> HTTPAnswer {
        HTTPAnswer(status: status, contentType: "text/plain; charset=utf-8", body: Array(text.utf8))
    }
}

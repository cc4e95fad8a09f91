// SPDX-License-Identifier: Apache-2.0

/// An answer to a request, as plain values: tests need no server to read it.
package struct HTTPAnswer: Sendable {
    /// The status code.
    package var status: Int
    /// The headers, without those that the server adds: content length, date and connection.
    package var headers: [(name: String, value: String)]
    package var content: PageContent
    /// The copy that several clients share; `nil` if the answer is for one client.
    var copy: PageCopy?
    /// Why the client is refused; `nil` if it is not.
    private(set) var refusal: HTTPRefusal?

    /// An answer whose content type browsers must take as it is (`nosniff`).
    package init(status: Int = 200, contentType: String, _ content: PageContent) {
        self.status = status
        self.content = content
        headers = [("Content-Type", contentType), ("X-Content-Type-Options", "nosniff")]
    }

    /// The bytes of the body, in one block.
    package var body: [UInt8] { content.bytes }

    /// The value of a header; `nil` if it is absent.
    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The answer to a client for which there is no room; the server counts it.
    ///
    /// - Parameter reason: one line.
    package static func tooManyReaders(_ reason: String) -> HTTPAnswer {
        var answer = HTTPAnswer.text(reason + "\n", status: 503)
        answer.refusal = .tooManyReaders
        return answer
    }

    /// The answer for a page that does not exist, with the text of Go's `http.NotFound`.
    package static let notFound = HTTPAnswer.text("404 page not found\n", status: 404)

    package static func json(_ text: String, status: Int = 200) -> HTTPAnswer {
        HTTPAnswer(status: status, contentType: "application/json", PageContent(text))
    }

    package static func text(_ text: String, status: Int = 200) -> HTTPAnswer {
        self.text(PageContent(text), status: status)
    }

    package static func text(_ content: PageContent, status: Int = 200) -> HTTPAnswer {
        HTTPAnswer(status: status, contentType: "text/plain; charset=utf-8", content)
    }
}

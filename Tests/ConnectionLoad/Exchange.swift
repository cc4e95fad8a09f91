// SPDX-License-Identifier: Apache-2.0

/// A request and its answer: the least of HTTP that curl takes as well.
enum Exchange {
    /// The request for an answer after which the connection ends, or stays open.
    static func request(keepsOpen: Bool) -> String {
        "GET / HTTP/1.1\r\nHost: load\r\nConnection: \(keepsOpen ? keepAlive : "close")\r\n\r\n"
    }

    /// Whether a request has arrived completely.
    static func isComplete(request: String) -> Bool { request.utf8.suffix(emptyLine.count).elementsEqual(emptyLine) }

    /// Whether a request is for a connection that stays open.
    static func keepsOpen(_ request: String) -> Bool { request.contains(keepAlive) }

    /// The answer of a server with a name.
    static func answer(_ name: String, keepsOpen: Bool) -> String {
        """
        HTTP/1.1 200 OK\r\nContent-Length: \(name.utf8.count + 1)\r\n\
        Connection: \(keepsOpen ? keepAlive : "close")\r\n\r\n\(name)\n
        """
    }

    /// The name of the server in an answer; `nil` as long as that has not arrived completely.
    static func name(in answer: String) -> String? {
        let lines = answer.split(separator: "\r\n", omittingEmptySubsequences: false)
        guard lines.first == "HTTP/1.1 200 OK", lines.count > 1, lines[lines.count - 2].isEmpty,
            let name = lines.last, name.last == "\n"
        else { return nil }
        return String(name.dropLast())
    }

    private static let keepAlive = "keep-alive"
    private static let emptyLine = Array("\r\n\r\n".utf8)
}

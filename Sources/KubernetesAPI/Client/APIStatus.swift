// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects

/// Why a server refused: an HTTP status, with the `Status` object (meta/v1) if the server sent one.
package struct APIStatus: Error, Sendable, Hashable {
    /// The HTTP status, or the `code` of an ERROR event.
    package var code: Int
    /// `reason`: a word such as `Expired`; empty if there is none.
    package var reason: String
    /// `message`, on one line; empty if there is none.
    package var message: String
    /// How long the server asks to wait: `Retry-After`, or `details.retryAfterSeconds`.
    package var retryAfter: Duration?
    /// Whether the server does not yet know, or no longer knows, the resourceVersion that it was asked for.
    package var isTooLargeResourceVersion: Bool

    package init(
        code: Int, reason: String = "", message: String = "", retryAfter: Duration? = nil,
        isTooLargeResourceVersion: Bool = false
    ) {
        self.code = code
        self.reason = reason
        self.message = message
        self.retryAfter = retryAfter
        self.isTooLargeResourceVersion = isTooLargeResourceVersion
    }

    /// Whether what was asked for is too old to be known: `Gone` or `Expired`.
    package var isExpired: Bool { code == 410 || reason == "Expired" || reason == "Gone" }

    /// Reads a `Status` object.
    init(_ status: DocumentObject, code: Int? = nil) {
        let details = status["details"]?.object
        let causes = details?["causes"]?.array ?? []
        var seconds: Int64?
        if case .integer(let number)? = details?["retryAfterSeconds"], number > 0 { seconds = number }
        var own = 0
        if case .integer(let number)? = status["code"] { own = Int(clamping: number) }
        self.init(
            code: code ?? own, reason: ServerText.line(status["reason"]?.string ?? ""),
            message: ServerText.line(status["message"]?.string ?? ""),
            retryAfter: seconds.map { .seconds(min($0, Self.longestRetry)) },
            isTooLargeResourceVersion: causes.contains {
                $0.object?["reason"]?.string == "ResourceVersionTooLarge"
            })
    }

    /// Reads the answer to a request that failed; its body may be anything.
    init(code: Int, retryAfterHeader: String?, body: [UInt8]) {
        if let status = try? DocumentValue(json: body), let status = status.object, status["kind"]?.string == "Status" {
            self.init(status, code: code)
        } else {
            let text = String(decoding: body.prefix(Self.shownBytes), as: UTF8.self)
            self.init(code: code, message: ServerText.line(text))
        }
        if let seconds = retryAfterHeader.flatMap({ Int64($0) }), seconds > 0 {
            retryAfter = .seconds(min(seconds, Self.longestRetry))
        }
    }

    /// A day: more is nonsense, and might overflow.
    private static let longestRetry: Int64 = 86_400
    private static let shownBytes = 200
}

extension APIStatus: CustomStringConvertible {
    /// `410 Expired: too old resource version`.
    package var description: String {
        let head = reason.isEmpty ? "\(code)" : "\(code) \(reason)"
        return message.isEmpty ? head : "\(head): \(message)"
    }
}

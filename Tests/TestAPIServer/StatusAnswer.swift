// SPDX-License-Identifier: Apache-2.0

import Documents

/// A Status object, with the fields and in the order of a real server's.
public struct StatusAnswer: Sendable, Hashable {
    /// The HTTP status.
    public var code: Int
    /// `reason`.
    public var reason: String
    /// `message`.
    public var message: String
    /// The text of `details`, if there is one.
    public var details: String?
    /// The header `Retry-After`, in seconds.
    public var retryAfter: Int?

    /// Describes an answer.
    public init(code: Int, reason: String, message: String, details: String? = nil, retryAfter: Int? = nil) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
        self.retryAfter = retryAfter
    }

    /// The object.
    public var json: String {
        let message = DocumentValue.string(message).json
        let details = details.map { #","details":\#($0)"# } ?? ""
        return #"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":\#(message),"#
            + #""reason":"\#(reason)"\#(details),"code":\#(code)}"#
    }

    static func expired(_ version: Int, oldest: Int) -> StatusAnswer {
        StatusAnswer(code: 410, reason: "Expired", message: "too old resource version: \(version) (\(oldest))")
    }

    static let expiredContinue = StatusAnswer(
        code: 410, reason: "Expired",
        message: "The provided continue parameter is too old to display a consistent list result. You can start a new "
            + "list without the continue parameter.")

    static let unauthorized = StatusAnswer(code: 401, reason: "Unauthorized", message: "Unauthorized")

    static let notFound = StatusAnswer(
        code: 404, reason: "NotFound", message: "the server could not find the requested resource", details: "{}")

    static func tooLarge(_ version: Int, current: Int) -> StatusAnswer {
        StatusAnswer(
            code: 504, reason: "Timeout",
            message: "Timeout: Too large resource version: \(version), current: \(current)",
            details: #"{"causes":[{"reason":"ResourceVersionTooLarge","message":"Too large resource version"}],"#
                + #""retryAfterSeconds":1}"#,
            retryAfter: 1)
    }

    /// What a real server answers with a status code that a test asks for.
    public static func refusal(_ code: Int, resource: ServedResource, retryAfter: Int? = nil) -> StatusAnswer {
        let group = resource == .endpointslices ? "discovery.k8s.io" : ""
        switch code {
        case 401: return unauthorized
        case 403:
            return StatusAnswer(
                code: 403, reason: "Forbidden",
                message: "\(resource) is forbidden: User \"tester\" cannot list resource \"\(resource)\" in API group "
                    + "\"\(group)\" at the cluster scope",
                details: #"{"group":"\#(group)","kind":"\#(resource)"}"#)
        case 404: return notFound
        case 410: return expired(1, oldest: 1023)
        case 429:
            return StatusAnswer(
                code: 429, reason: "TooManyRequests", message: "too many requests, please try again later",
                details: #"{"retryAfterSeconds":\#(retryAfter ?? 1)}"#, retryAfter: retryAfter ?? 1)
        case 504: return tooLarge(999_999_999, current: 115)
        case 503:
            return StatusAnswer(
                code: 503, reason: "ServiceUnavailable", message: "apiserver is shutting down", retryAfter: retryAfter)
        default:
            return StatusAnswer(
                code: code, reason: "InternalError", message: "Internal error occurred: a test asked for it",
                retryAfter: retryAfter)
        }
    }
}

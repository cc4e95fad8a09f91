// SPDX-License-Identifier: Apache-2.0

/// Why a request failed.
package enum APIFailure: Error, Sendable, Hashable {
    case refused(APIStatus)
    /// No credentials could be read.
    case credentials(String)
    /// No connection was made: nothing listens, the name is unknown, or no answer came in time.
    case unreachable(String)
    /// The server's certificate is not trusted, or the server refused ours.
    case untrusted(String)
    /// The connection broke in the middle of an answer.
    case dropped(String)
    /// No byte came for so long that the connection must be dead.
    case silent(Duration)
    /// The answer is not one of an API server.
    case invalidAnswer(String)
    /// The server is at an older state than it was: the numbers of its resourceVersions fell.
    case wentBack(from: String, to: String)
    /// The server ended a watch as soon as it had begun.
    case shortWatch
    case cancelled

    /// The kind of failure, without its details; each kind is logged once.
    enum Kind: Hashable, Sendable {
        case refused(Int), credentials, unreachable, untrusted, dropped, silent, invalidAnswer, wentBack, shortWatch,
            cancelled
    }

    var kind: Kind {
        switch self {
        case .refused(let status): .refused(status.isExpired ? 410 : status.code)
        case .credentials: .credentials
        case .unreachable: .unreachable
        case .untrusted: .untrusted
        case .dropped: .dropped
        case .silent: .silent
        case .invalidAnswer: .invalidAnswer
        case .wentBack: .wentBack
        case .shortWatch: .shortWatch
        case .cancelled: .cancelled
        }
    }

    /// How long the server asks to wait.
    var retryAfter: Duration? {
        if case .refused(let status) = self { status.retryAfter } else { nil }
    }

    /// Whether a watch that failed so can go on from where it was; otherwise everything is listed anew.
    var canResumeWatch: Bool {
        switch self {
        case .unreachable, .untrusted, .credentials, .dropped, .shortWatch, .cancelled: true
        // A server with an older state is silent too, until it has caught up with our version.
        case .invalidAnswer, .wentBack, .silent: false
        case .refused(let status):
            // A watch from a version that the server does not know would wait for it for ever.
            !status.isExpired && !status.isTooLargeResourceVersion
                && (status.code == 401 || status.code == 403 || status.code == 429 || status.code >= 500)
        }
    }

    /// Whether it may be another server, or one with another state, that answers next.
    var mayChangeServer: Bool {
        switch self {
        case .unreachable, .untrusted, .dropped, .shortWatch: true
        case .refused(let status): status.code >= 500
        default: false
        }
    }
}

extension APIFailure: CustomStringConvertible {
    /// What happened, and what would help if that is known.
    package var description: String {
        switch self {
        case .refused(let status): "the server answers \(status)" + Self.advice(status)
        case .credentials(let reason): "no credentials: \(reason)"
        case .unreachable(let reason): "cannot be reached: \(reason)"
        case .untrusted(let reason): "TLS failed: \(reason)"
        case .dropped(let reason): "the connection broke: \(reason)"
        case .silent(let limit): "the connection is dead: no byte came for \(limit)"
        case .invalidAnswer(let reason): "invalid answer: \(reason)"
        case .wentBack(let from, let to): "the server's state is older than before: resourceVersion \(to) after \(from)"
        case .shortWatch: "the server ends each watch at once"
        case .cancelled: "cancelled"
        }
    }

    private static func advice(_ status: APIStatus) -> String {
        switch status.code {
        case 401: "; the token or certificate is not valid there (expired, or of another cluster?)"
        case 403:
            "; the account must be allowed to list and watch services and nodes, and endpointslices of discovery.k8s.io: "
                + "bind it to the ClusterRole system:node-proxier"
        case 404: "; the address must be that of the API itself, of Kubernetes 1.21 or later"
        default: ""
        }
    }
}

/// Why a list or a watch came to nothing.
public enum APIFailure: Error, Sendable, Hashable {
    /// The server refused.
    case refused(APIStatus)
    /// There are no credentials to be had.
    case credentials(String)
    /// No connection was made: nobody listens, the name is unknown, no answer came in time.
    case unreachable(String)
    /// The server did not show that it is the right one, or did not take our certificate.
    case untrusted(String)
    /// The connection broke in the middle of an answer.
    case dropped(String)
    /// No byte came for so long that the connection must be dead.
    case silent(Duration)
    /// What came is no answer of an API server.
    case garbage(String)
    /// The server is at an older state than it was: the numbers of its resourceVersions fell.
    case wentBack(from: String, to: String)
    /// The server ended a watch as soon as it had begun.
    case shortWatch
    /// The task was cancelled.
    case cancelled

    /// What kind of trouble it is; each kind is told once.
    enum Kind: Hashable, Sendable {
        case refused(Int), credentials, unreachable, untrusted, dropped, silent, garbage, wentBack, shortWatch,
            cancelled
    }

    /// What kind of trouble it is.
    var kind: Kind {
        switch self {
        case .refused(let status): .refused(status.isExpired ? 410 : status.code)
        case .credentials: .credentials
        case .unreachable: .unreachable
        case .untrusted: .untrusted
        case .dropped: .dropped
        case .silent: .silent
        case .garbage: .garbage
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
        // A server that went back in time is silent too, until it has caught up with where we are.
        case .garbage, .wentBack, .silent: false
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
    public var description: String {
        switch self {
        case .refused(let status): "the server answers \(status)" + Self.advice(status)
        case .credentials(let reason): "there are no credentials: \(reason)"
        case .unreachable(let reason): "cannot be reached: \(reason)"
        case .untrusted(let reason): "no trust: \(reason)"
        case .dropped(let reason): "the connection broke: \(reason)"
        case .silent(let limit): "the connection is dead: no byte came for \(limit)"
        case .garbage(let reason): "what came is no answer of a Kubernetes API server: \(reason)"
        case .wentBack(let from, let to): "the server went back in time, from resourceVersion \(from) to \(to)"
        case .shortWatch: "the server ends each watch as soon as it has begun"
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

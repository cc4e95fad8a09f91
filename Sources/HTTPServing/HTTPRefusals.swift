// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization

/// Why a server refuses a client, or closes its connection before the client does.
package enum HTTPRefusal: String, Sendable, CaseIterable {
    /// The process has no descriptors left to accept a connection.
    case noDescriptors = "no_descriptors"
    /// The connection has waited longest when there was one too many.
    case tooManyConnections = "too_many_connections"
    /// So many clients already get the page that one more would have to wait.
    case tooManyReaders = "too_many_readers"
    /// The request has begun, and does not end in time.
    case unfinishedRequest = "unfinished_request"
    /// The client does not read the answer in time.
    case unreadAnswer = "unread_answer"

    fileprivate var text: String {
        switch self {
        case .noDescriptors:
            "no descriptors are left to accept connections: raise the limit of open files (LimitNOFILE of the systemd "
                + "unit, ulimit -n)"
        case .tooManyConnections: "too many connections; the one that waits longest is closed"
        case .tooManyReaders: "too many clients read a large page at once; further ones get status 503"
        case .unfinishedRequest: "a client does not finish its request; the connection is closed"
        case .unreadAnswer: "a client does not read its answer; the connection is closed"
        }
    }
}

/// What servers refuse: the first case of each kind is logged, and all are counted.
package final class HTTPRefusals: Sendable {
    private let logger: Logger
    private let count: @Sendable (HTTPRefusal) -> Void
    private let logged = Mutex<Set<HTTPRefusal>>([])

    /// - Parameter count: counts one case; must return soon.
    package init(_ logger: Logger, count: @escaping @Sendable (HTTPRefusal) -> Void = { _ in }) {
        self.logger = logger
        self.count = count
    }

    func note(_ refusal: HTTPRefusal, on place: ListenPlace) {
        count(refusal)
        guard logged.withLock({ $0.insert(refusal).inserted }) else { return }
        logger.warning(
            """
            HTTP server on \(place): \(refusal.text); further cases are counted in \
            kubetables_http_refusals_total{reason="\(refusal.rawValue)"}
            """)
    }
}

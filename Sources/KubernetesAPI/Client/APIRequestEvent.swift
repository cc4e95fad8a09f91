// SPDX-License-Identifier: Apache-2.0

/// What became of a request to an API server, for metrics; it holds nothing of path, query or credentials.
package struct APIRequestEvent: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// The server answered with this HTTP status.
        case answered(status: Int)
        /// No answer came.
        case failed
        /// A request that is not a watch has ended, however it ended, this long after it began.
        case ended(Duration)
    }

    package let kind: Kind
    /// The host and port of the server, as they stand in a URL.
    package let host: String

    package init(kind: Kind, host: String) {
        self.kind = kind
        self.host = host
    }
}

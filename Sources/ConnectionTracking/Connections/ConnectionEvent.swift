// SPDX-License-Identifier: Apache-2.0

/// What the kernel reports about a TCP connection that has not been answered so far.
package enum ConnectionEvent: Sendable, Hashable {
    /// A client has sent the first packet of a connection, or has sent it again after the last flow of the same addresses was gone.
    case began(Flow)
    /// The endpoint has answered: it takes the connection.
    case answered(Flow)
    /// The endpoint has refused it: the kernel forgets a flow whose first packet is answered by a reset
    /// (net/netfilter/nf_conntrack_proto_tcp.c, `nf_conntrack_tcp_packet`), whether or not a rule drops the reset later on.
    case refused(Flow)
    /// Its flow was deleted without an answer: by a program, by the kernel because its table is full, or after 120 s.
    case deleted(Flow)
}

/// What a TCP connection waits for.
package enum ConnectionPhase: Sendable, Hashable {
    /// For the first packet of the endpoint.
    case unanswered
    /// For nothing: the endpoint has answered, or had.
    case answered
    /// There is no such flow any more, or a new one with the same addresses.
    case gone
}

/// What was reported in a time.
package struct ConnectionBatch: Sendable, Hashable {
    /// When the first of it had just been reported, unless it had to wait to be read.
    package var since: ContinuousClock.Instant
    /// In the order in which it happened.
    package var events: [ConnectionEvent] = []
    /// Whether events are missing because they came faster than they were read.
    package var isIncomplete = false

    package init(since: ContinuousClock.Instant, _ events: [ConnectionEvent] = [], isIncomplete: Bool = false) {
        self.since = since
        self.events = events
        self.isIncomplete = isIncomplete
    }
}

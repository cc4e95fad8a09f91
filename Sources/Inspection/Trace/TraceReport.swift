// SPDX-License-Identifier: Apache-2.0

/// Where a packet goes, and which rules decide about it.
package struct TraceReport: Report, Hashable {
    package var apiVersion = ReportVersion.current
    package var kind = "Trace"
    package var packet: TracePacket
    /// `desired` for the rules that follow from the objects, `kernel` for those that the kernel holds.
    package var rules: String
    /// The rules that every way begins with.
    package var hops: [TraceHop]
    /// What becomes of such packets; several if rules draw at random, or something is not known.
    package var outcomes: [TraceOutcome]
    /// The flows of this client that connection tracking knows: their packets do not pass the rules of nat again.
    package var flows: [TraceFlow]
    /// What else an operator should know, one sentence each.
    package var notes: [String]

    /// 2 if the packet, or some of such packets, would not pass whatever is not known.
    package var exitStatus: Int {
        let refused = outcomes.filter { !$0.isPassed }
        let isRefused =
            refused.contains { $0.conditions.isEmpty } || !refused.isEmpty && refused.count == outcomes.count
        return isRefused ? Self.refusedStatus : 0
    }

    package static let refusedStatus = 2
}

/// The packet of a trace.
package struct TracePacket: Sendable, Hashable, Codable {
    package var source: String
    package var sourcePort: UInt16?
    package var destination: String
    package var destinationPort: UInt16
    /// `TCP`, `UDP` or `SCTP`.
    package var `protocol`: String
    /// `new`, `established`, `related` or `invalid`.
    package var state: String
    /// Whether a process on this node sends it.
    package var isFromNode: Bool
    /// The interface that it comes in by; `nil` if it is not known, or a process on this node sends it.
    package var interface: String?
}

/// A rule that the packet matches.
package struct TraceHop: Sendable, Hashable, Codable {
    /// The built-in chain at which the table was entered.
    package var hook: String
    package var table: String
    package var chain: String
    /// The number of the rule in its chain, from 1.
    package var position: Int
    /// How many jumps led there from the built-in chain.
    package var depth: Int
    /// The rule as iptables-save prints it, or the policy of the chain.
    package var rule: String
    /// The service port that it was made for; `nil` for a rule that all Services share, and for a foreign one.
    package var service: String?
    /// Whether the rule is another program's.
    package var isForeign: Bool
    /// Whether it leads to a chain in which no rule matches.
    package var isFruitless: Bool
}

/// What becomes of packets.
package struct TraceOutcome: Sendable, Hashable, Codable {
    /// Session affinity.
    package struct Affinity: Sendable, Hashable, Codable {
        /// Whether the client is remembered from an earlier connection; else this one makes it remembered.
        package var isPinned: Bool
        /// How long a client is remembered, in seconds.
        package var seconds: UInt32?
        /// How long this client will be remembered, in seconds, unless it connects again.
        package var secondsLeft: UInt32?
        /// True if a hash of the client's address chooses, and nothing is remembered; else `nil`.
        package var isHashed: Bool?
    }

    /// `delivered`, `sent`, `rejected`, `dropped`, `unroutable`, `handed-over` or `unknown`.
    package var verdict: String
    /// How it is rejected, the interface that it leaves by, why the kernel does not route it, or the target that was not
    /// understood.
    package var detail: String?
    /// The exact share as a small fraction, `1/3`; `nil` if there is none within the resolution of the kernel's numbers.
    package var fraction: String?
    /// The share of such packets, 0-1, of those that meet the conditions.
    package var share: Double
    /// What had to be assumed, as `if -m string … matches`.
    package var conditions: [String]
    /// Where the connection is sent to; `nil` if it is not translated.
    package var endpoint: String?
    /// The Service of the endpoint.
    package var service: String?
    package var pod: String?
    package var node: String?
    /// Whether the source becomes an address of this node.
    package var isMasqueraded: Bool
    /// The source that the endpoint sees, if it is another one and known.
    package var newSource: String?
    package var affinity: Affinity?
    /// The rules of this way that follow those which every way begins with.
    package var hops: [TraceHop]

    /// Whether the packet reaches a process or leaves the node; not known if something was not understood.
    package var isPassed: Bool { !["rejected", "dropped", "unroutable"].contains(verdict) }
}

/// A flow that connection tracking knows.
package struct TraceFlow: Sendable, Hashable, Codable {
    package var source: String
    package var endpoint: String
    /// What the flow is masqueraded to; `nil` if it is not.
    package var newSource: String?
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// What becomes of a packet, and of the connection that it begins.
public struct Outcome: Hashable, Sendable {
    /// Where the packet ends up.
    public var verdict: Verdict
    /// The destination that packets of the connection get, with the port; `nil` if it is left alone.
    ///
    /// For a Service, the endpoint. Also set if the packet is dropped behind the rule that translates it.
    public var newDestination: AddressPort?
    /// The source that packets of the connection get.
    public var source: SourceTranslation = .unchanged
    /// The lists of xt_recent that the client was entered in, by name: its next connections go the same way (affinity).
    public var remembered: [ChainName] = []
    /// The lists of xt_recent that the client was found in: a rule that asked for it decided.
    public var pinned: [ChainName] = []

    /// An outcome of a packet that no rule translates.
    public init(_ verdict: Verdict) { self.verdict = verdict }
}

/// Where a packet ends up.
public enum Verdict: Hashable, Sendable {
    /// A process on this host gets it; without a server, the kernel answers by itself that there is none.
    case delivered
    /// It leaves for another host or a pod; by which interface, if that is known.
    case sent(interface: String?)
    /// It is dropped without an answer.
    case dropped
    /// It is answered with an error: `icmp-port-unreachable`, `tcp-reset` and so on, as `--reject-with` has it.
    case rejected(with: String)
    /// The kernel itself has no way for it: no route, no forwarding, or a loopback address from elsewhere.
    case unroutable
    /// A program, or another part of the kernel, gets it; the words behind `-j`.
    case handedOver(to: String)
    /// A target that is not understood ends the evaluation; the words behind `-j`.
    case notUnderstood(target: String)

    /// Whether the packet reaches a process or leaves the host.
    public var isPassed: Bool {
        switch self {
        case .delivered, .sent: true
        case .dropped, .rejected, .unroutable, .handedOver, .notUnderstood: false
        }
    }
}

/// The source that packets of a connection get.
public enum SourceTranslation: Hashable, Sendable {
    /// It is left alone.
    case unchanged
    /// An address of this host (MASQUERADE), if it is known which.
    case masqueraded(IPAddress?)
    /// One of some addresses (SNAT).
    case translated(ClosedRange<IPAddress>)
    /// What connection tracking gives a connection that is not new.
    case known(AddressPort)
}

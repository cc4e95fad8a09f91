// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A packet at one place on its way, and what led it there.
struct PacketState {
    /// What is known of an interface that the packet passes.
    enum Interface: Hashable {
        case named(String)
        /// There is none at this place.
        case none
        /// One that is not the loopback interface.
        case unknown
    }

    @Boxed private(set) var packet: Packet
    var source: IPAddress
    var destination: IPAddress
    var sourcePort: UInt16?
    var destinationPort: UInt16?
    var inputInterface: Interface
    var outputInterface = Interface.none
    var mark: UInt32
    /// The bits of the mark that a target has changed in an unknown way.
    var unknownMarkBits: UInt32 = 0
    /// The bits of the mark that do not depend any more on what the packet came with.
    var determinedMarkBits: UInt32 = 0
    var connection: ConnectionState
    /// Which ends of the connection were rewritten (`IPS_DST_NAT`, `IPS_SRC_NAT`).
    var translated: ConnectionStates = []
    var newDestination: AddressPort?
    var sourceTranslation = SourceTranslation.unchanged
    var share = Share.all

    // Boxed, since a packet is copied wherever its way forks, and most have nothing in it.
    @Boxed var past = Past()

    init(_ packet: Packet) {
        _packet = Boxed(wrappedValue: packet)
        source = packet.source
        destination = packet.destination
        sourcePort = packet.sourcePort
        destinationPort = packet.destinationPort
        mark = packet.mark
        connection = packet.state
        inputInterface =
            switch packet.origin {
            case .network(let name?): .named(name)
            case .network(nil): .unknown
            case .host: .none
            }
    }

    /// The states that `--ctstate` compares with (xt_conntrack.c).
    var connectionStates: ConnectionStates {
        switch connection {
        case .new, .established, .related: translated.union(connection.bit)
        case .invalid, .untracked: connection.bit
        }
    }

    /// Whether rules in nat see the packet.
    var beginsConnection: Bool {
        switch connection {
        case .new: true
        // What an ICMP error announces is translated as its connection is.
        case .related: packet.icmp == nil
        case .established, .invalid, .untracked: false
        }
    }

    var hasOriginalSource: Bool { sourceTranslation == .unchanged }

    /// Whether everything that rules could ask is the same, whatever led here.
    func isEquivalent(to other: PacketState) -> Bool {
        mark == other.mark && unknownMarkBits == other.unknownMarkBits && connection == other.connection
            && destination == other.destination && destinationPort == other.destinationPort
            && source == other.source && inputInterface == other.inputInterface
            && outputInterface == other.outputInterface && sourceTranslation == other.sourceTranslation
            && newDestination == other.newDestination && translated == other.translated
            && (_past.isShared(with: other._past)
                || past.remembered == other.past.remembered && past.pinned == other.past.pinned
                    && past.packetFacts == other.past.packetFacts)
    }

    /// Whether nothing but the share, and the rules on the way, differs.
    fileprivate func isIndistinguishable(from other: PacketState) -> Bool {
        isEquivalent(to: other) && determinedMarkBits == other.determinedMarkBits
            && (_past.isShared(with: other._past) || past.assumptions == other.past.assumptions)
    }

    func branch(_ verdict: Verdict) -> EvaluatedBranch {
        var outcome = Outcome(verdict)
        outcome.newDestination = newDestination
        outcome.source = sourceTranslation
        outcome.remembered = past.remembered
        outcome.pinned = past.pinned
        return EvaluatedBranch(
            outcome: outcome, share: share, assumptions: past.assumptions, path: past.path, mark: mark,
            unknownMarkBits: unknownMarkBits)
    }
}

extension PacketState {
    /// What is remembered of the way so far.
    struct Past {
        /// The lists that the client was entered in.
        var remembered: [ChainName] = []
        /// The lists that the client was found in.
        var pinned: [ChainName] = []
        /// What was assumed about the packet itself, by the words of the condition.
        var packetFacts: [String: Bool] = [:]
        /// What was assumed about matches that the packet does not decide.
        var assumptions: [Assumption] = []
        /// The rules that matched.
        var path: [PathStep] = []
    }
}

extension [PacketState] {
    /// With packets put together that go on alike.
    ///
    /// - Parameter distance: with how many of the packets before it each one is compared at most.
    func joined(lookingBack distance: Int = .max) -> [PacketState] {
        guard count > 1 else { return self }
        return reduce(into: []) { joined, state in
            let nearest = joined.indices.suffix(distance)
            if let place = nearest.last(where: { joined[$0].isIndistinguishable(from: state) }) {
                joined[place].share += state.share
            } else {
                joined.append(state)
            }
        }
    }
}

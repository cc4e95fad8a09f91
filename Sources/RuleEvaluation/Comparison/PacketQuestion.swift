// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Something that was asked of a packet as it came, on its way through rules.
///
/// What is asked of a packet that rules have changed (its new destination, a mark they have set) is no question: the answer
/// does not depend on the packet any more.
enum PacketQuestion: Hashable {
    /// A condition of a rule, or one that the kernel itself asks.
    case condition(RuleCondition)
    /// Whether an address is a loopback address.
    case isLoopback(AddressSide)
    /// Whether there is a route to the destination.
    case isRoutable
    /// Which address of an index the destination is.
    case destination(DispatchIndex)
    /// Which port of an index the destination port is.
    case port(DispatchIndex)

    /// What of a packet decides the answer.
    enum Dimension: Hashable {
        case source, destination, inputInterface, transport, sourcePort, destinationPort, state, mark, tcpFlags, icmp
        case client(ChainName)
    }

    var dimension: Dimension? {
        switch self {
        case .condition(let condition): condition.dimension
        case .isLoopback(.source): .source
        case .isLoopback(.destination), .isRoutable, .destination: .destination
        case .port: .destinationPort
        }
    }

    enum Answer: Hashable {
        case flag(Bool)
        /// One of the addresses, or none of them.
        case address(IPAddress?)
        /// One of the ports, or none of them.
        case port(UInt16?)

        /// Whether the packet can have one value only.
        var isPinned: Bool {
            switch self {
            case .flag: false
            case .address(let address): address != nil
            case .port(let port): port != nil
            }
        }
    }
}

extension RuleCondition {
    /// What of a packet as it came decides whether the condition is met; `nil` if it is something else.
    fileprivate var dimension: PacketQuestion.Dimension? {
        switch self {
        case .source: .source
        case .destination, .outputInterface: .destination
        case .inputInterface: .inputInterface
        case .transport: .transport
        // Asked as a question about the source (``QuestionLog``).
        case .fragments, .random, .clients, .sameAddresses, .undecidable: nil
        case .recent(let recent): .client(recent.list)
        case .packet(let condition):
            switch condition {
            case .ports(.source, _, _): .sourcePort
            case .ports: .destinationPort
            case .tcpFlags: .tcpFlags
            case .icmp: .icmp
            case .connectionStates: .state
            case .addressTypes(.source, _, _), .addresses(.source, _, _): .source
            case .addressTypes, .addresses: .destination
            case .mark: .mark
            }
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The extension matches that rules of kubetables are made of.
public enum Match: Hashable, Sendable {
    /// Text for people; matches everything (xt_comment). At most ``Match/maximumCommentLength`` bytes.
    case comment(String)
    /// The state of the packet's connection (xt_conntrack `--ctstate`).
    case conntrack(ConnectionStates, isInverted: Bool = false)
    /// The packet comes from or goes to an address of this host (xt_addrtype `--src-type LOCAL`, `--dst-type LOCAL`).
    case localAddress(AddressSide)
    /// The packet's mark under a mask (xt_mark).
    case mark(UInt32, mask: UInt32, isInverted: Bool = false)
    /// The transport protocol's own header: any, or one destination port (xt_tcpudp, xt_sctp).
    case transport(TransportProtocol, destinationPort: UInt16? = nil)
    /// A random draw (xt_statistic `--mode random`).
    case random(Probability)
    /// The list of recent source addresses of a name (xt_recent).
    indirect case recent(RecentMatch)
    /// Counts the packet at an nfnetlink accounting object (xt_nfacct); matches everything.
    case accounting(name: String)

    /// The longest comment, in bytes (`XT_MAX_COMMENT_LEN` less the final NUL).
    public static let maximumCommentLength = 255
    /// The longest name of an accounting object, in bytes (`NFACCT_NAME_MAX` less the final NUL).
    public static let maximumAccountingNameLength = 31
}

/// Which of the packet's two addresses is meant.
public enum AddressSide: Hashable, Sendable {
    /// The source address.
    case source
    /// The destination address.
    case destination
}

/// States of a connection, as `--ctstate` names them.
public struct ConnectionStates: OptionSet, Hashable, Sendable {
    /// One bit for each of the states.
    public let rawValue: UInt8

    /// Makes a set of the states whose bits are set.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The packet belongs to no connection and cannot begin one.
    public static let invalid = ConnectionStates(rawValue: 1)
    /// The packet begins a connection.
    public static let new = ConnectionStates(rawValue: 2)
    /// The packet begins a connection that another one announced.
    public static let related = ConnectionStates(rawValue: 4)
    /// The packet belongs to a connection seen in both directions.
    public static let established = ConnectionStates(rawValue: 8)
    /// The destination of the connection was rewritten.
    public static let destinationNAT = ConnectionStates(rawValue: 16)

    /// The source of the connection was rewritten.
    public static let sourceNAT = ConnectionStates(rawValue: 32)
    /// The packet is exempt from connection tracking.
    public static let untracked = ConnectionStates(rawValue: 64)

    /// The states by the names and in the order in which iptables-save prints them.
    static let names: [(state: ConnectionStates, name: String)] = [
        (.invalid, "INVALID"), (.new, "NEW"), (.related, "RELATED"), (.established, "ESTABLISHED"),
        (.untracked, "UNTRACKED"), (.sourceNAT, "SNAT"), (.destinationNAT, "DNAT"),
    ]
}

/// A lookup or an entry in a list of recent source addresses.
public struct RecentMatch: Hashable, Sendable {
    /// What is done with the source address.
    public enum Action: Hashable, Sendable {
        /// The address is entered with the time (`--set`); matches everything.
        case set
        /// The address was entered within so many seconds; older entries are forgotten (`--rcheck --seconds --reap`).
        case check(seconds: UInt32)
    }

    /// The list; kube-proxy names it after the endpoint's chain.
    public var list: ChainName
    /// What is done with the source address.
    public var action: Action

    /// Makes a match on a list.
    public init(list: ChainName, action: Action) {
        self.list = list
        self.action = action
    }
}

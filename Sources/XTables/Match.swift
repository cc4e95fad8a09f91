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
    /// The destination port is in a range of two ports or more (xt_tcpudp, xt_sctp).
    case ports(TransportProtocol, ClosedRange<UInt16>)
    /// A random draw (xt_statistic `--mode random`).
    case random(Probability)
    /// The first packet, and every so many packets one, of those that come to the rule: 1 for all of them (xt_statistic
    /// `--mode nth --packet 0`).
    ///
    /// The kernel counts for each rule, on all CPUs together, and begins anew whenever the table is replaced.
    case everyNth(UInt32)
    /// A share of the clients, by a hash of their address (xt_cluster; for IPv6 xt_bpf, with the program of `ClientHashProgram`).
    case clients(ClientShare)
    /// The list of recent source addresses of a name (xt_recent).
    indirect case recent(RecentMatch)
    /// The packet's source address is its destination address (xt_bpf, with the program of `SameAddressProgram`).
    case sameAddresses
    /// The packet answers a SYN and refuses the connection: an RST,ACK with sequence number 0 (RFC 9293, 3.10.7.1; xt_u32, with
    /// the tests of `RefusalPattern`).
    case refusal
    /// The connection was opened to this port, of this address or of any (xt_conntrack `--ctorigdst`, `--ctorigdstport`).
    indirect case originalDestination(IPAddress?, port: UInt16)
    /// One of the first two packets to an address and port in a while (xt_hashlimit, as `RetryAllowance` has it).
    case retryAllowance
    /// Counts the packet at an nfnetlink accounting object (xt_nfacct); matches everything.
    case accounting(name: String)

    /// The protocol that a rule must ask for to have this match; `nil` for any.
    package var transport: TransportProtocol? {
        switch self {
        case .transport(let transport, _), .ports(let transport, _): transport
        default: nil
        }
    }

    /// The destination ports that are meant; `nil` for any.
    package var destinationPorts: ClosedRange<UInt16>? {
        switch self {
        case .transport(_, let port?): port...port
        case .ports(_, let ports): ports
        default: nil
        }
    }

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

/// One of several equal shares of all clients, chosen by a hash of the source address of their connections.
///
/// A hash of 32 bits that begins with the seed is scaled to the number of shares, and the first one is taken, so a client that is
/// in the share for a number is also in it for each smaller number. For IPv4 the hash is `jhash` (xt_cluster.c), for IPv6 that
/// of a program (xt_bpf): the kernel has no match for it.
public struct ClientShare: Hashable, Sendable {
    /// The most shares that clients of a family can be divided into: 32 for IPv4 (`XT_CLUSTER_NODES_MAX`); 65,535 for IPv6, so that
    /// each number has hashes of its own in the share.
    public static func maximumCount(_ family: IPFamily) -> Int {
        switch family {
        case .ipv4: 32
        case .ipv6: Int(UInt16.max)
        }
    }

    /// The kernel's match that hashes clients of a family; its module has the same name behind `xt_`.
    package static func matchName(_ family: IPFamily) -> String {
        switch family {
        case .ipv4: "cluster"
        case .ipv6: "bpf"
        }
    }

    /// How many shares there are: 1–32 for IPv4, 1–65,535 for IPv6.
    public var count: Int
    /// What the hash begins with: shares with different seeds have nothing to do with each other.
    public var seed: UInt32
    /// Whether the clients of all other shares are meant.
    public var isInverted: Bool

    /// One share of `count`.
    ///
    /// - Precondition: `count` is from 1 to what one of the families has at most (``maximumCount(_:)``).
    public init(oneOutOf count: Int, seed: UInt32, isInverted: Bool = false) {
        precondition((1...Self.maximumCount(.ipv6)).contains(count), "no number of shares")
        self.count = count
        self.seed = seed
        self.isInverted = isInverted
    }
}

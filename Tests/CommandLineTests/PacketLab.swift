// SPDX-License-Identifier: Apache-2.0

import Foundation
import NetworkTypes
import RuleEvaluation
import TestSupport
import XTables

/// A node between a client and a pod, for packets whose way is compared with what the rules should do.
///
/// Endpoints need not exist: what becomes of a packet is read from the node's connections, which keep no packet that was
/// dropped or rejected.
struct PacketLab {
    private let node: NetworkNamespace
    private let client: NetworkNamespace
    private let pod: NetworkNamespace
    /// The next port to send from: each packet begins a connection of its own.
    private var nextPort: UInt16 = 10_000

    init() throws {
        node = try NetworkNamespace()
        client = try NetworkNamespace()
        pod = try NetworkNamespace()
        try node.run("sh", "-c", Self.nodeSettings)
        try node.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", client.name)
        try node.run("ip", "link", "add", "cali1", "type", "veth", "peer", "name", "eth0", "netns", pod.name)
        try node.run("ip", "-batch", "-", input: Self.nodeLines)
        for (host, lines) in [(client, Self.clientLines), (pod, Self.podLines)] {
            try host.run("ip", "-batch", "-", input: lines)
            for tool in ["iptables-legacy", "ip6tables-legacy"] {
                // A connection that is reset at once would leave no trace.
                try host.run(tool, "-A", "OUTPUT", "-p", "tcp", "--tcp-flags", "RST", "RST", "-j", "DROP")
            }
        }
    }

    private static let nodeSettings = """
        cd /proc/sys/net
        echo 1 >ipv4/ip_forward; echo 1 >ipv6/conf/all/forwarding; echo 0 >ipv6/conf/default/accept_dad
        for name in all default; do
            echo 0 >ipv4/conf/$name/rp_filter; echo 0 >ipv4/conf/$name/send_redirects
            echo 1 >ipv4/conf/$name/route_localnet
        done
        echo 0 >ipv4/icmp_ratelimit; echo 0 >ipv6/icmp/ratelimit
        """
    private static let nodeLines = """
        link set eth0 up
        link set cali1 up
        addr add 192.168.50.10/24 dev eth0
        addr add 192.168.60.10/32 dev eth0
        addr add fd00:50::10/64 dev eth0 nodad
        addr add 10.244.1.1/24 dev cali1
        addr add fd00:244::1:1/112 dev cali1 nodad
        route add default via 192.168.50.20
        route add ::/0 via fd00:50::20

        """
    private static let clientLines = """
        link set eth0 up
        addr add 192.168.50.20/24 dev eth0
        addr add 198.51.100.7/32 dev eth0
        addr add fd00:50::20/64 dev eth0 nodad
        addr add 2001:db8:9::7/128 dev eth0 nodad
        route add default via 192.168.50.10
        route add ::/0 via fd00:50::10

        """
    private static let podLines = """
        link set eth0 up
        addr add 10.244.1.5/24 dev eth0
        addr add fd00:244::1:5/112 dev eth0 nodad
        route add default via 10.244.1.1
        route add ::/0 via fd00:244::1:1

        """

    /// The node, as the rules' evaluation is told about it; which clients lists have is left open.
    static let network = NodeNetwork(
        localAddresses: [],
        interfaces: [
            .init("lo"),
            .init(
                "eth0",
                addresses: [
                    ("192.168.50.10", 24), ("192.168.60.10", 32), ("fd00:50::10", 64),
                ].map(interfaceAddress)),
            .init("cali1", addresses: [("10.244.1.1", 24), ("fd00:244::1:1", 112)].map(interfaceAddress)),
        ],
        routes: [
            ("0.0.0.0/0", "eth0", "192.168.50.20"), ("192.168.50.0/24", "eth0", nil), ("10.244.1.0/24", "cali1", nil),
            ("::/0", "eth0", "fd00:50::20"), ("fd00:50::/64", "eth0", nil), ("fd00:244::1:0/112", "cali1", nil),
        ].compactMap { range, interface, gateway in
            CIDR(range).map { .init($0, interface: interface, gateway: gateway.flatMap { IPAddress($0) }) }
        }, recentClients: nil)

    private static func interfaceAddress(_ text: String, _ length: Int) -> NodeNetwork.InterfaceAddress {
        .init(IPAddress(text) ?? .any(.ipv4), prefixLength: length)
    }

    /// Who sends packets, and from which addresses.
    private static let senders: [(origin: Packet.Origin, addresses: [String])] = [
        (.network(interface: "eth0"), ["192.168.50.20", "198.51.100.7", "fd00:50::20", "2001:db8:9::7"]),
        (.network(interface: "cali1"), ["10.244.1.5", "fd00:244::1:5"]),
        (.host, ["192.168.50.10", "fd00:50::10"]),
    ]

    /// A packet from a random sender.
    mutating func packet(
        to destination: AddressPort, _ transport: TransportProtocol, _ random: inout SeededGenerator
    ) -> Packet {
        let (origin, addresses) = random.pick(Self.senders)
        let own = addresses.compactMap { IPAddress($0) }.filter { $0.family == destination.address.family }
        nextPort += 1
        return Packet(from: random.pick(own), port: nextPort, to: destination, transport, origin: origin)
    }

    /// Lets the client send from all addresses of two ranges, 100.64.0.0/10 and 2001:db8:a::/48.
    func allowManyClients() throws {
        try client.run("sh", "-c", "echo 1 >/proc/sys/net/ipv6/ip_nonlocal_bind")
        let link = try node.run("ip", "-brief", "link", "show", "eth0").split(separator: " ")
        guard link.count > 2 else { throw ProcessFailure(description: "the node has no eth0") }
        // While the node's hardware address is not known, the kernel keeps few of many packets.
        let lines = """
            link set lo up
            route add local 100.64.0.0/10 dev lo
            route add local 2001:db8:a::/48 dev lo
            neigh replace 192.168.50.10 lladdr \(link[2]) dev eth0 nud permanent
            neigh replace fd00:50::10 lladdr \(link[2]) dev eth0 nud permanent

            """
        try client.run("ip", "-batch", "-", input: lines)
    }

    func apply(_ cluster: String, _ options: [String]) throws {
        let applied = try node.attempt(
            [Repository.tool, "apply", "--prune", "--allow-empty", "-f", "-"] + options, input: cluster)
        guard applied.status == 0 else { throw ProcessFailure(description: applied.errors) }
    }

    /// Sends packets; gives back for each what became of it.
    func send(_ packets: [Packet]) throws -> [ObservedPacket] {
        let lines = packets.map { packet -> String in
            let host =
                switch packet.origin {
                case .network(interface: "eth0"): client
                case .network: pod
                case .host: node
                }
            let source = AddressPort(packet.source, packet.sourcePort ?? 0)
            let destination = AddressPort(packet.destination, packet.destinationPort ?? 0)
            return "\(host.name) \(packet.transport?.rawValue ?? "") \(source) \(destination)\n"
        }
        let probe = Repository.products.appending(path: "packet-probe").path
        let output = try Subprocess.check([probe, node.name], input: lines.joined()).split(separator: "\n")
        let connections = output.dropFirst(packets.count).compactMap { ObservedConnection($0) }
        let bySource = Dictionary(connections.map { ($0.source, $0) }, uniquingKeysWith: { first, _ in first })
        return zip(packets, output).map { packet, word in
            ObservedPacket(
                senderResult: String(word),
                connection: bySource[AddressPort(packet.source, packet.sourcePort ?? 0)])
        }
    }
}

/// What became of a packet.
struct ObservedPacket {
    /// `sent`, `refused` or `unsent`.
    let senderResult: String
    /// The connection that the node has of it; `nil` if the packet did not pass.
    let connection: ObservedConnection?

    /// Whether this is what an outcome means.
    func agrees(with outcome: Outcome, _ packet: Packet) -> Bool {
        guard let connection else {
            switch outcome.verdict {
            case .rejected: return senderResult != "sent" || packet.transport == .sctp
            // The node's own answer to a connection without a server ends it.
            case .delivered: return packet.transport == .tcp && senderResult == "refused"
            case .dropped, .unroutable: return senderResult != "refused"
            case .sent, .handedOver, .notUnderstood: return false
            }
        }
        // The kernel enters a packet of this host to itself at POSTROUTING, before rules in INPUT stop it.
        if packet.origin == .host, case .rejected = outcome.verdict {
            return senderResult != "sent" || packet.transport == .sctp
        }
        if packet.origin == .host, outcome.verdict == .dropped { return senderResult != "refused" }
        guard outcome.verdict.isPassed else { return false }
        let original = AddressPort(packet.destination, packet.destinationPort ?? 0)
        guard connection.destination == outcome.newDestination ?? original else { return false }
        return switch outcome.source {
        case .unchanged: connection.answered == AddressPort(packet.source, packet.sourcePort ?? 0)
        case .masqueraded(let address): connection.answered.address == address
        case .translated, .known: false
        }
    }
}

/// A line of /proc/net/nf_conntrack.
struct ObservedConnection {
    /// Where it comes from.
    let source: AddressPort
    /// Where it goes to, as the answers come from there.
    let destination: AddressPort
    /// Where answers go to.
    let answered: AddressPort

    init?(_ line: Substring) {
        var values: [Substring: [Substring]] = [:]
        for word in line.split(separator: " ") {
            let parts = word.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { values[parts[0], default: []].append(parts[1]) }
        }
        func end(_ address: Substring, _ port: Substring, _ place: Int) -> AddressPort? {
            guard let addresses = values[address], let ports = values[port], addresses.count == 2, ports.count == 2,
                let address = IPAddress(addresses[place]), let port = UInt16(ports[place])
            else { return nil }
            return AddressPort(address, port)
        }
        guard let source = end("src", "sport", 0), let destination = end("src", "sport", 1),
            let answered = end("dst", "dport", 1)
        else { return nil }
        self.source = source
        self.destination = destination
        self.answered = answered
    }
}

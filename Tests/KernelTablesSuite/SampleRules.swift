// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Rules with every match and target of the language that a kernel takes without preparation: all but nfacct, which needs an
/// accounting object and is in `EntryCodecTests`.
public enum SampleRules {
    /// Addresses for tests: documentation ranges (RFC 5737, RFC 3849).
    public static func address(_ family: IPFamily, _ number: Int) -> IPAddress {
        switch family {
        case .ipv4: IPAddress(ipv4: 0xc000_0200 + UInt32(truncatingIfNeeded: number))
        case .ipv6: IPAddress(ipv6High: 0x2001_0db8_0000_0000, low: UInt64(truncatingIfNeeded: number))
        }
    }

    /// Rules that any table takes; jumps go to the chain `JUMPED-TO`.
    public static func all(_ family: IPFamily) -> [Rule] {
        let one = address(family, 1)
        let range = CIDR(one, prefixLength: family == .ipv4 ? 20 : 61)
        let matches: [Match] = [
            .comment("plain"), .comment("ns/name:port \"quoted\" \\ 'x' ü"), .comment(""),
            .comment(String(repeating: "c", count: 255)),
            .conntrack([.new]), .conntrack([.related, .established]), .conntrack([.invalid, .destinationNAT]),
            .conntrack([.related, .established, .destinationNAT], isInverted: true),
            .localAddress(.source), .localAddress(.destination),
            .mark(0x4000, mask: 0x4000), .mark(0, mask: .max), .mark(0x1, mask: 0xff, isInverted: true),
            .random(Probability(oneOutOf: 3)), .random(Probability(oneOutOf: 2)), .random(Probability(oneOutOf: 1)),
            .random(Probability(fraction: 1)), .random(Probability(3, outOf: 17)), .sameAddresses,
            .everyNth(3), .everyNth(1), .everyNth(.max),
            .clients(ClientShare(oneOutOf: 10, seed: 0xdead_beef)), .clients(ClientShare(oneOutOf: 32, seed: 0)),
            .clients(ClientShare(oneOutOf: 2, seed: 7, isInverted: true)),
            .clients(ClientShare(oneOutOf: ClientShare.maximumCount(family), seed: .max)),
            .originalDestination(one, port: 80), .originalDestination(nil, port: 30_000), .refusal, .retryAllowance,
            .recent(RecentMatch(list: "KUBE-SEP-AAAAAAAAAAAAAAAA", action: .set)),
            .recent(RecentMatch(list: "KUBE-SEP-AAAAAAAAAAAAAAAA", action: .check(seconds: 10800))),
        ]
        var rules = matches.map { Rule(matches: [$0], target: .jump("JUMPED-TO")) }
        for transport in TransportProtocol.allCases {
            rules.append(Rule(transport: transport, matches: [.ports(transport, 30_000...30_015)], target: .drop))
            rules.append(Rule(transport: transport))
            rules.append(Rule(transport: transport, matches: [.transport(transport)], target: .accept))
            rules.append(
                Rule(transport: transport, matches: [.transport(transport, destinationPort: 53)], target: .drop))
        }
        rules += [
            Rule(), Rule(target: .accept), Rule(target: .drop), Rule(target: .return),
            Rule(source: AddressMatch(one)), Rule(destination: AddressMatch(one), target: .accept),
            Rule(source: AddressMatch(range, isInverted: true), destination: AddressMatch(range), target: .return),
            Rule(destination: AddressMatch(range, isInverted: true)),
            Rule(
                destination: AddressMatch(range), transport: .tcp, matches: [.transport(.tcp, destinationPort: 80)],
                target: .jump("JUMPED-TO")),
            Rule(inputInterface: InterfaceMatch("eth0")),
            Rule(inputInterface: InterfaceMatch("abcdefghijklmno", isInverted: true)),
            Rule(inputInterface: InterfaceMatch("cali", isWildcard: true), target: .jump("JUMPED-TO")),
            Rule(inputInterface: InterfaceMatch("abcdefghijklmn", isWildcard: true, isInverted: true)),
            Rule(
                matches: [.comment("many"), .conntrack([.new]), .mark(1, mask: 1), .localAddress(.source)],
                target: .mark(xor: 0x4000, clearing: 0x4000)),
            Rule(target: .mark(xor: 0x4000, clearing: 0)),
            Rule(matches: [.comment("no endpoints")], target: .rejectPortUnreachable),
        ]
        return rules
    }

    /// Rules that only the table nat takes, or of which it is the usual place.
    public static func nat(_ family: IPFamily) -> [Rule] {
        [
            Rule(target: .masquerade(randomFully: false)), Rule(target: .masquerade(randomFully: true)),
            Rule(
                transport: .tcp, matches: [.comment("ns/name:port"), .transport(.tcp)],
                target: .destinationNAT(address(family, 77), port: 8080)),
            Rule(
                transport: .sctp, matches: [.transport(.sctp)],
                target: .destinationNAT(address(family, 78), port: 65535)),
        ]
    }
}

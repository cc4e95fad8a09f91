// SPDX-License-Identifier: Apache-2.0

import Messages
import NetworkTypes

extension RuleParser {
    /// Reads a match, from its name on.
    mutating func match() throws(RulesetSyntaxError) -> Match {
        let name = try value("a match")
        switch name {
        case "comment":
            try expect("--comment")
            return .comment(try value("a comment"))
        case "conntrack":
            if let destination = try originalDestination() { return destination }
            let isInverted = words.take("!")
            try expect("--ctstate")
            return .conntrack(try connectionStates(), isInverted: isInverted)
        case "addrtype":
            let option = try value("--src-type or --dst-type")
            try expect("LOCAL")
            switch option {
            case "--src-type": return .localAddress(.source)
            case "--dst-type": return .localAddress(.destination)
            default: throw error("expected --src-type or --dst-type, found \(MessageText.quoted(option))")
            }
        case "mark":
            let isInverted = words.take("!")
            try expect("--mark")
            let (value, mask) = try mark()
            return .mark(value, mask: mask, isInverted: isInverted)
        case "tcp", "udp", "sctp":
            let transport = try transport(named: name)
            guard words.take("--dport") else { return .transport(transport) }
            return try destinationPorts(transport)
        case "bpf":
            try expect("--bytecode")
            return try match(of: value("a program"))
        case "u32":
            try expect("--u32")
            guard try value("tests") == RefusalPattern.text(family) else {
                throw error("unsupported tests of the match u32: only those that find refused connections are known")
            }
            return .refusal
        case "hashlimit":
            for word in RetryAllowance.text.split(separator: " ") { try expect("\(word)") }
            return .retryAllowance
        case "cluster" where family == .ipv4:
            return .clients(try clientShare())
        case "statistic":
            try expect("--mode")
            return words.take("nth") ? .everyNth(try turns()) : .random(try probability())
        case "recent":
            return .recent(try recent())
        case "nfacct":
            try expect("--nfacct-name")
            return .accounting(name: try accountingName())
        default:
            throw error("unsupported match \(MessageText.quoted(name))")
        }
    }

    /// The match whose program this is.
    private func match(of text: String) throws(RulesetSyntaxError) -> Match {
        // What is written in another way, such as with a sign, would not be written back.
        if let program = FilterProgram(text: text), program.text == text {
            if program == SameAddressProgram.program(family) { return .sameAddresses }
            if family == .ipv6, let share = ClientHashProgram.share(of: program) { return .clients(share) }
        }
        throw error(
            "unsupported program for the match bpf: only those that compare both addresses or, for IPv6, hash the source "
                + "address are known")
    }

    /// Reads `PORT`, or `FIRST:LAST` for a range.
    private mutating func destinationPorts(_ transport: TransportProtocol) throws(RulesetSyntaxError) -> Match {
        let text = try value("a port")
        let ends = text.split(separator: ":", omittingEmptySubsequences: false).map { UInt16($0) }
        switch ends.count {
        case 1: if let port = ends[0] { return .transport(transport, destinationPort: port) }
        case 2: if let first = ends[0], let last = ends[1], first < last { return .ports(transport, first...last) }
        default: break
        }
        throw error("\(MessageText.quoted(text)) is not a port up to \(UInt16.max) or a range FIRST:LAST of them")
    }

    /// Reads `--ctorigdst ADDRESS --ctorigdstport PORT`, or the port alone; `nil` if something else comes.
    private mutating func originalDestination() throws(RulesetSyntaxError) -> Match? {
        var address: IPAddress?
        if words.take("--ctorigdst") {
            let text = try value("an address")
            guard let parsed = IPAddress(text), parsed.family == family else {
                throw error("\(MessageText.quoted(text)) is not an \(family.kubernetesName) address")
            }
            address = parsed
            try expect("--ctorigdstport")
        } else if !words.take("--ctorigdstport") {
            return nil
        }
        return .originalDestination(address, port: try number("a port"))
    }

    private mutating func clientShare() throws(RulesetSyntaxError) -> ClientShare {
        let isInverted = words.take("!")
        try expect("--cluster-local-nodemask", "0x00000001", "--cluster-total-nodes")
        let count: Int = try number("a number of shares")
        let maximum = ClientShare.maximumCount(family)
        guard (1...maximum).contains(count) else {
            throw error("\(count) is not a number of shares from 1 to \(maximum)")
        }
        try expect("--cluster-hash-seed")
        return ClientShare(oneOutOf: count, seed: try hexadecimal(value("a seed")), isInverted: isInverted)
    }

    private mutating func probability() throws(RulesetSyntaxError) -> Probability {
        try expect("random", "--probability")
        let text = try value("a probability")
        guard let value = Double(text), (0...1).contains(value) else {
            throw error("invalid probability \(MessageText.quoted(text)): must be from 0 to 1")
        }
        return Probability(decimal: value)
    }

    private mutating func turns() throws(RulesetSyntaxError) -> UInt32 {
        try expect("--every")
        let count: UInt32 = try number("a number of packets")
        guard count > 0 else { throw error("0 is not a number of packets from 1") }
        // The first packet of each turn is the only one that our language has.
        try expect("--packet", "0")
        return count
    }

    private mutating func connectionStates() throws(RulesetSyntaxError) -> ConnectionStates {
        var states: ConnectionStates = []
        // An empty list or item is an error, as for iptables: it would be written as nothing.
        for name in try value("a list of states").split(separator: ",", omittingEmptySubsequences: false) {
            guard let known = ConnectionStates.names.first(where: { $0.name == name }) else {
                throw error("unsupported connection state \(MessageText.quoted(name))")
            }
            states.insert(known.state)
        }
        return states
    }

    private mutating func accountingName() throws(RulesetSyntaxError) -> String {
        let name = try value("the name of an accounting object")
        guard (1...Match.maximumAccountingNameLength).contains(name.utf8.count) else {
            throw error(
                "invalid name of an accounting object \(MessageText.quoted(name)): must have 1 to "
                    + "\(Match.maximumAccountingNameLength) bytes")
        }
        return name
    }

    private mutating func recent() throws(RulesetSyntaxError) -> RecentMatch {
        let action: RecentMatch.Action
        if words.take("--set") {
            action = .set
        } else {
            try expect("--rcheck", "--seconds")
            action = .check(seconds: try number("a number of seconds"))
            try expect("--reap")
        }
        try expect("--name")
        let list = try chainName(value("the name of a list"))
        // Any other mask would be written as this one.
        try expect("--mask", family == .ipv4 ? "255.255.255.255" : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
        try expect("--rsource")
        return RecentMatch(list: list, action: action)
    }
}

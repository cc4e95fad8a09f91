// SPDX-License-Identifier: Apache-2.0

import Messages
import NetworkTypes

/// Reads the words of one rule behind `-A CHAIN`, for ``Ruleset/init(saveText:family:)`` only.
struct RuleParser {
    private var words: SaveTextWords
    private let family: IPFamily
    private let line: Int

    init(words: SaveTextWords, family: IPFamily, line: Int) {
        self.words = words
        self.family = family
        self.line = line
    }

    mutating func parse() throws(RulesetSyntaxError) -> Rule {
        var rule = Rule()
        while !words.isAtEnd {
            let isInverted = words.take("!")
            let option = try value("an option")
            switch option {
            case "-s": rule.source = AddressMatch(try range(), isInverted: isInverted)
            case "-d": rule.destination = AddressMatch(try range(), isInverted: isInverted)
            case "-i": rule.inputInterface = try interface(isInverted: isInverted)
            case "-p" where !isInverted: rule.transport = try transport(named: value("a protocol"))
            case "-m" where !isInverted: rule.matches.append(try match())
            case "-j" where !isInverted: rule.target = try target()
            default: throw error("unsupported option \(MessageText.quoted((isInverted ? "! " : "") + option))")
            }
        }
        return rule
    }

    private func error(_ reason: String) -> RulesetSyntaxError { RulesetSyntaxError(line: line, reason: reason) }

    private mutating func value(_ what: String) throws(RulesetSyntaxError) -> String {
        guard let word = words.take() else { throw error("the rule ends where \(what) is expected") }
        return word
    }

    private mutating func expect(_ expected: String...) throws(RulesetSyntaxError) {
        for word in expected {
            let found = try value("\"\(word)\"")
            guard found == word else { throw error("expected \"\(word)\", found \(MessageText.quoted(found))") }
        }
    }

    // MARK: Values

    private mutating func range() throws(RulesetSyntaxError) -> CIDR {
        let text = try value("an address")
        guard let range = CIDR(text) ?? IPAddress(text).map(CIDR.init(host:)), range.family == family else {
            throw error("invalid \(family.kubernetesName) CIDR \(MessageText.quoted(text))")
        }
        return range
    }

    private mutating func interface(isInverted: Bool) throws(RulesetSyntaxError) -> InterfaceMatch {
        let text = try value("an interface")
        guard text.utf8.count <= InterfaceMatch.maximumLength, SaveTextWords.isPlain(text) else {
            throw error(
                "invalid interface name \(MessageText.quoted(text)): must have 1 to \(InterfaceMatch.maximumLength) bytes, "
                    + "without blanks, double quotes and control characters")
        }
        let isWildcard = text.hasSuffix("+")
        return InterfaceMatch(
            String(isWildcard ? text.dropLast() : text[...]), isWildcard: isWildcard, isInverted: isInverted)
    }

    private func transport(named name: String) throws(RulesetSyntaxError) -> TransportProtocol {
        guard let transport = TransportProtocol(rawValue: name) else {
            throw error("unsupported protocol \(MessageText.quoted(name)) (supported: tcp, udp, sctp)")
        }
        return transport
    }

    private mutating func number<Number: FixedWidthInteger>(
        _ what: String, as type: Number.Type = Number.self
    ) throws(RulesetSyntaxError) -> Number {
        let text = try value(what)
        guard let number = Number(text) else {
            throw error("\(MessageText.quoted(text)) is not \(what) up to \(Number.max)")
        }
        return number
    }

    private func hexadecimal(_ text: some StringProtocol) throws(RulesetSyntaxError) -> UInt32 {
        guard text.hasPrefix("0x"), let number = UInt32(text.dropFirst(2), radix: 16) else {
            throw error("invalid mark \(MessageText.quoted(text)): must be 0x and up to eight hexadecimal digits")
        }
        return number
    }

    /// Reads `VALUE/MASK`, or `VALUE` alone for a full mask.
    private mutating func mark() throws(RulesetSyntaxError) -> (value: UInt32, mask: UInt32) {
        let parts = try value("a mark").split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        return (try hexadecimal(parts[0]), parts.count == 2 ? try hexadecimal(parts[1]) : .max)
    }

    private func chainName(_ text: String) throws(RulesetSyntaxError) -> ChainName {
        guard let name = ChainName(saveWord: text) else {
            throw error("invalid chain name \(MessageText.quoted(text)): \(ChainName.saveWordRequirement)")
        }
        return name
    }

    // MARK: Matches

    private mutating func match() throws(RulesetSyntaxError) -> Match {
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
            guard try value("a program") == SameAddressProgram.text(family) else {
                throw error("unsupported program for the match bpf: only the one that compares both addresses is known")
            }
            return .sameAddresses
        case "u32":
            try expect("--u32")
            guard try value("tests") == RefusalTests.text(family) else {
                throw error("unsupported tests of the match u32: only those that find refused connections are known")
            }
            return .refusal
        case "hashlimit":
            for word in RetryAllowance.text.split(separator: " ") { try expect("\(word)") }
            return .retryAllowance
        case "cluster":
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
        guard (1...ClientShare.maximumCount).contains(count) else {
            throw error("\(count) is not a number of shares from 1 to \(ClientShare.maximumCount)")
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

    // MARK: Targets

    private mutating func target() throws(RulesetSyntaxError) -> Target {
        let name = try value("a target")
        switch name {
        case "ACCEPT": return .accept
        case "DROP": return .drop
        case "RETURN": return .return
        case "MARK":
            try expect("--set-xmark")
            let (value, mask) = try mark()
            return .mark(xor: value, clearing: mask)
        case "MASQUERADE":
            return .masquerade(randomFully: words.take("--random-fully"))
        case "DNAT":
            try expect("--to-destination")
            return try destination()
        case "REJECT":
            try expect("--reject-with", family == .ipv4 ? "icmp-port-unreachable" : "icmp6-port-unreachable")
            return .rejectPortUnreachable
        default:
            return .jump(try chainName(name))
        }
    }

    private mutating func destination() throws(RulesetSyntaxError) -> Target {
        let text = try value("ADDRESS:PORT")
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw error("invalid destination \(MessageText.quoted(text)): must be ADDRESS:PORT")
        }
        var address = text[..<colon]
        if family == .ipv6, address.hasPrefix("["), address.hasSuffix("]") { address = address.dropFirst().dropLast() }
        guard let parsed = IPAddress(address), parsed.family == family else {
            throw error(
                "invalid destination \(MessageText.quoted(text)): must begin with an \(family.kubernetesName) address")
        }
        return .destinationNAT(parsed, port: port)
    }
}

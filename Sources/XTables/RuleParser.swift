// SPDX-License-Identifier: Apache-2.0

import Messages
import NetworkTypes

/// Reads the words of one rule behind `-A CHAIN`, for ``Ruleset/init(saveText:family:)`` only.
struct RuleParser {
    var words: SaveTextWords
    let family: IPFamily
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

    func error(_ reason: String) -> RulesetSyntaxError { RulesetSyntaxError(line: line, reason: reason) }

    mutating func value(_ what: String) throws(RulesetSyntaxError) -> String {
        guard let word = words.take() else { throw error("the rule ends where \(what) is expected") }
        return word
    }

    mutating func expect(_ expected: String...) throws(RulesetSyntaxError) {
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

    func transport(named name: String) throws(RulesetSyntaxError) -> TransportProtocol {
        guard let transport = TransportProtocol(rawValue: name) else {
            throw error("unsupported protocol \(MessageText.quoted(name)) (supported: tcp, udp, sctp)")
        }
        return transport
    }

    mutating func number<Number: FixedWidthInteger>(
        _ what: String, as type: Number.Type = Number.self
    ) throws(RulesetSyntaxError) -> Number {
        let text = try value(what)
        guard let number = Number(text) else {
            throw error("\(MessageText.quoted(text)) is not \(what) up to \(Number.max)")
        }
        return number
    }

    func hexadecimal(_ text: some StringProtocol) throws(RulesetSyntaxError) -> UInt32 {
        guard text.hasPrefix("0x"), let number = UInt32(text.dropFirst(2), radix: 16) else {
            throw error("invalid mark \(MessageText.quoted(text)): must be 0x and up to eight hexadecimal digits")
        }
        return number
    }

    /// Reads `VALUE/MASK`, or `VALUE` alone for a full mask.
    mutating func mark() throws(RulesetSyntaxError) -> (value: UInt32, mask: UInt32) {
        let parts = try value("a mark").split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        return (try hexadecimal(parts[0]), parts.count == 2 ? try hexadecimal(parts[1]) : .max)
    }

    func chainName(_ text: String) throws(RulesetSyntaxError) -> ChainName {
        guard let name = ChainName(saveWord: text) else {
            throw error("invalid chain name \(MessageText.quoted(text)): \(ChainName.saveWordRequirement)")
        }
        return name
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

import Glibc
import NetworkTypes
import XTables

/// A rule that cannot be put into the kernel's form.
public struct UnencodableRule: Error, Hashable, Sendable, CustomStringConvertible {
    /// The chain the rule is meant for.
    public let chain: ChainName
    /// The rule as iptables-save would print it.
    public let rule: String
    /// What is wrong with it.
    public let reason: String

    /// The rule and what is wrong with it.
    public var description: String { "chain \(chain): \(reason): \(rule)" }
}

/// Turns rules into records: a shape's number and the values that stand in the entry.
struct RuleEncoder {
    let family: IPFamily
    private(set) var shapes: [RuleShape] = []
    private var keys: [RuleShape.Key] = []

    /// The most bytes a record can have besides its matches.
    private static let recordCapacity = 256
    /// The most bytes a match can add to a record.
    private static let matchCapacity = 264

    init(family: IPFamily) {
        self.family = family
    }

    /// Appends the record of `rule` to `arena`.
    ///
    /// - Throws: ``UnencodableRule`` when the kernel could not hold the rule or would not mean the same by it.
    mutating func append(_ rule: Rule, chain: ChainName, to arena: ByteArena) throws(UnencodableRule) {
        let start = arena.count
        arena.reserve(Self.recordCapacity + rule.matches.count * Self.matchCapacity)
        if let reason = encode(rule, to: arena) {
            arena.truncate(to: start)
            throw UnencodableRule(chain: chain, rule: rule.saveText(chain: chain, family: family), reason: reason)
        }
    }

    /// Encodes a rule; answers what is wrong with it, if something is.
    private mutating func encode(_ rule: Rule, to arena: ByteArena) -> String? {
        guard rule.matches.count <= RuleShape.maximumMatches else {
            return "more than \(RuleShape.maximumMatches) matches"
        }
        guard let shape = UInt16(exactly: shape(of: rule)) else { return "too many kinds of rules in one table" }
        arena.append(shape)
        if let reason = encodeHead(rule, to: arena) { return reason }
        for match in rule.matches {
            if let reason = encode(match, of: rule, to: arena) { return reason }
        }
        return encodeTarget(rule.target, to: arena)
    }

    private mutating func shape(of rule: Rule) -> Int {
        var key = RuleShape.Key(TargetForm(rule.target).rawValue) << 1 | (rule.inputInterface == nil ? 0 : 1)
        var shift: RuleShape.Key = 5
        for match in rule.matches {
            key |= RuleShape.Key(MatchForm(match).rawValue) << shift
            shift += 4
        }
        if let known = keys.firstIndex(of: key) { return known }
        keys.append(key)
        shapes.append(
            RuleShape(
                matches: rule.matches.map(MatchForm.init), target: TargetForm(rule.target),
                hasInterface: rule.inputInterface != nil, family: family))
        return keys.count - 1
    }

    private func encodeHead(_ rule: Rule, to arena: ByteArena) -> String? {
        for range in [rule.source?.range, rule.destination?.range] where range != nil && range?.family != family {
            return "an address of the other IP family"
        }
        appendAddress(rule.source?.range.address, to: arena)
        appendAddress(rule.destination?.range.address, to: arena)
        appendMask(rule.source?.range, to: arena)
        appendMask(rule.destination?.range, to: arena)
        if let interface = rule.inputInterface, let reason = encode(interface, to: arena) { return reason }
        var inverse: UInt8 = 0
        if rule.source?.isInverted == true { inverse |= EntryLayout.invertsSource }
        if rule.destination?.isInverted == true { inverse |= EntryLayout.invertsDestination }
        if rule.inputInterface?.isInverted == true { inverse |= EntryLayout.invertsInputInterface }
        arena.append(UInt16(rule.transport?.number ?? 0))
        switch family {
        case .ipv4:
            arena.append(UInt8(0))
        case .ipv6:
            arena.append(UInt8(0))
            arena.append(rule.transport == nil ? 0 : EntryLayout.of(family).protocolFlag)
        }
        arena.append(inverse)
        return nil
    }

    private func appendAddress(_ address: IPAddress?, to arena: ByteArena) {
        switch family {
        case .ipv4:
            arena.append(UInt32(truncatingIfNeeded: address?.low ?? 0).bigEndian)
        case .ipv6:
            arena.append((address?.high ?? 0).bigEndian)
            arena.append((address?.low ?? 0).bigEndian)
        }
    }

    private func appendMask(_ range: CIDR?, to arena: ByteArena) {
        let mask = range?.mask ?? (high: 0, low: 0)
        switch family {
        case .ipv4:
            arena.append(UInt32(truncatingIfNeeded: mask.low).bigEndian)
        case .ipv6:
            arena.append(mask.high.bigEndian)
            arena.append(mask.low.bigEndian)
        }
    }

    /// Name, then mask, as `xtables_parse_interface` sets them: a wildcard keeps its `+`, and its mask ends before it.
    private func encode(_ interface: InterfaceMatch, to arena: ByteArena) -> String? {
        let name = Array(interface.name.utf8) + (interface.isWildcard ? [UInt8(ascii: "+")] : [])
        guard (1...InterfaceMatch.maximumLength).contains(name.count), !name.contains(0) else {
            return "an interface name must have 1 to \(InterfaceMatch.maximumLength) bytes"
        }
        guard interface.isWildcard || name.last != UInt8(ascii: "+") else {
            return "an interface name that ends in + is a wildcard"
        }
        let significant = interface.isWildcard ? name.count - 1 : name.count + 1
        let length = EntryLayout.interfaceNameLength
        name.withUnsafeBytes { arena.append($0) }
        arena.appendZeros(length - name.count)
        for index in 0..<length { arena.append(index < significant ? UInt8(0xff) : 0) }
        return nil
    }

    private func encode(_ match: Match, of rule: Rule, to arena: ByteArena) -> String? {
        switch match {
        case .comment(let text):
            return appendText(text, limit: Match.maximumCommentLength, what: "a comment", to: arena)
        case .conntrack(let states, let isInverted):
            arena.append(UInt16(isInverted ? 1 : 0))
            arena.append(states.kernelMask)
        case .localAddress(let side):
            let local: UInt16 = 1 << 2
            arena.append(side == .source ? local : 0)
            arena.append(side == .destination ? local : 0)
        case .mark(let value, let mask, let isInverted):
            arena.append(value)
            arena.append(mask)
            arena.append(UInt8(isInverted ? 1 : 0))
        case .transport(let transport, let port):
            guard rule.transport == transport else {
                return "-m \(transport.rawValue) needs -p \(transport.rawValue)"
            }
            arena.append(port ?? 0)
            // sctp has a flag for whether the ports are looked at (XT_SCTP_DEST_PORTS); the others have the whole range.
            arena.append(port ?? (transport == .sctp ? 0 : UInt16.max))
            if transport == .sctp { arena.append(UInt32(port == nil ? 0 : 2)) }
        case .random(let probability):
            arena.append(probability.fraction)
        case .recent(let recent):
            encode(recent, to: arena)
        case .accounting(let name):
            let length = Match.maximumAccountingNameLength
            guard (1...length).contains(name.utf8.count), !name.utf8.contains(0) else {
                return "the name of an accounting object must have 1 to \(length) bytes"
            }
            var name = name
            name.withUTF8 { arena.append(UnsafeRawBufferPointer($0)) }
            arena.appendZeros(length + 1 - name.utf8.count)
        }
        return nil
    }

    private func encode(_ recent: RecentMatch, to arena: ByteArena) {
        switch recent.action {
        case .set:
            arena.append(UInt32(0))
            arena.append(RecentFlags.set)
        case .check(let seconds):
            arena.append(seconds)
            arena.append(RecentFlags.check | RecentFlags.reap)
        }
        recent.list.withBytes { name in
            arena.append(UnsafeRawBufferPointer(name))
            arena.appendZeros(32 - name.count)
        }
    }

    private func encodeTarget(_ target: Target?, to arena: ByteArena) -> String? {
        switch target {
        case nil, .accept, .drop, .return, .rejectPortUnreachable:
            break
        case .jump(let chain):
            if ReservedName.all.contains(chain) { return "no chain can have the name \(chain)" }
            chain.withBytes { name in
                arena.append(UInt8(name.count))
                arena.append(UnsafeRawBufferPointer(name))
            }
        case .mark(let value, let mask):
            arena.append(value)
            arena.append(mask)
        case .masquerade(let randomFully):
            arena.append(randomFully ? NATFlags.randomFully : 0)
        case .destinationNAT(let address, let port):
            guard address.family == family else { return "an address of the other IP family" }
            appendAddress(address, to: arena)
            appendAddress(address, to: arena)
            arena.append(port.bigEndian)
            arena.append(port.bigEndian)
        }
        return nil
    }

    private func appendText(_ text: String, limit: Int, what: String, to arena: ByteArena) -> String? {
        var text = text
        return text.withUTF8 { bytes in
            guard bytes.count <= limit else { return "\(what) may have \(limit) bytes, not \(bytes.count)" }
            guard !bytes.contains(0) else { return "\(what) must have no NUL" }
            arena.append(UInt8(bytes.count))
            arena.append(UnsafeRawBufferPointer(bytes))
            return nil
        }
    }
}

/// Flags of xt_recent (`XT_RECENT_*`).
enum RecentFlags {
    static let check: UInt8 = 1 << 0
    static let set: UInt8 = 1 << 1
    static let reap: UInt8 = 1 << 5
}

/// Flags of a NAT range (`NF_NAT_RANGE_*`).
enum NATFlags {
    static let randomFully: UInt32 = 1 << 4
}

/// Names that libiptc takes for verdicts or built-in chains, so that no jump can lead there.
enum ReservedName {
    static let verdicts: [ChainName] = ["ACCEPT", "DROP", "QUEUE", "RETURN"]
    /// So few that comparing with each is faster than hashing, and it is done for every jump.
    static let all = verdicts + BuiltInChain.allCases.map(\.name)
}

extension ConnectionStates {
    /// Each state and its bit in xt_conntrack's `state_mask` (`XT_CONNTRACK_STATE_BIT`, `XT_CONNTRACK_STATE_DNAT`).
    static let kernelBits: [(state: ConnectionStates, bit: UInt16)] = [
        (.invalid, 1 << 0), (.established, 1 << 1), (.related, 1 << 2), (.new, 1 << 3), (.destinationNAT, 1 << 7),
    ]

    /// The states as xt_conntrack's `state_mask`.
    var kernelMask: UInt16 {
        Self.kernelBits.reduce(0) { contains($1.state) ? $0 | $1.bit : $0 }
    }
}

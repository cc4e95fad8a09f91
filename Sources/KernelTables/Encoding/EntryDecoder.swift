import Glibc
import NetworkTypes
import XTables

/// What an entry of the kernel says.
public enum DecodedRule: Hashable, Sendable {
    /// A rule of our language; encoded again it is the same rule.
    case known(Rule)
    /// Something else, described as well as possible, without the chain.
    case foreign(String)

    /// The rule as iptables-save prints it or, for a foreign one, nearly so.
    public func text(chain: ChainName, family: IPFamily) -> String {
        switch self {
        case .known(let rule): rule.saveText(chain: chain, family: family)
        case .foreign(let text): "-A \(chain)\(text)"
        }
    }
}

/// Turns kernel entries back into rules.
struct EntryDecoder {
    let family: IPFamily
    let layout: EntryLayout
    private let verifier: Verifier

    init(family: IPFamily) {
        self.family = family
        verifier = Verifier(family: family)
        layout = EntryLayout.of(family)
    }

    /// Decodes an entry of a transaction.
    func decode(_ entry: KernelEntry) -> DecodedRule {
        let bytes = UnsafeRawBufferPointer(start: entry.base, count: entry.length)
        do throws(MalformedEntry) {
            return try decode(bytes, targetName: String(cString: entry.targetName))
        } catch {
            return .foreign(" [\(error.description), \(entry.length) bytes]")
        }
    }

    /// Decodes an entry.
    ///
    /// - Parameter targetName: what `iptc_get_target` says, for verdicts and jumps.
    /// - Throws: ``MalformedEntry`` when the lengths in the entry contradict each other.
    func decode(_ bytes: UnsafeRawBufferPointer, targetName: String) throws(MalformedEntry) -> DecodedRule {
        let parts = try EntryParts(bytes, layout: layout)
        if let rule = rule(parts, targetName: targetName), isFaithful(rule, bytes, targetName: targetName) {
            return .known(rule)
        }
        return .foreign(ForeignRuleText(decoder: self).text(parts, targetName: targetName))
    }

    /// Encodes decoded rules again; one for all, for its shapes are worth keeping.
    private final class Verifier {
        var encoder: RuleEncoder
        let arena = ByteArena(capacity: 4096)

        init(family: IPFamily) { encoder = RuleEncoder(family: family) }
    }

    /// Whether the rule, encoded, is the entry it was decoded from: whether the decoder overlooked nothing.
    private func isFaithful(_ rule: Rule, _ bytes: UnsafeRawBufferPointer, targetName: String) -> Bool {
        guard let base = bytes.baseAddress else { return false }
        let arena = verifier.arena
        arena.truncate(to: 0)
        do throws(UnencodableRule) {
            try verifier.encoder.append(rule, chain: "X", to: arena)
        } catch {
            return false
        }
        let shape = verifier.encoder.shapes[Int(arena.base.loadUnaligned(as: UInt16.self))]
        return targetName.withCString { name in
            shape.matches(
                KernelEntry(base: base, length: bytes.count, targetName: name), record: UnsafeRawPointer(arena.base + 2)
            )
        }
    }

    private func rule(_ parts: EntryParts, targetName: String) -> Rule? {
        guard let head = EntryHead(parts.head, family: family), head.isExpressible else { return nil }
        var rule = head.rule
        for part in parts.matches {
            guard let match = match(part) else { return nil }
            rule.matches.append(match)
        }
        switch parts.target {
        case .standard:
            switch targetName {
            case "": rule.target = nil
            case "ACCEPT": rule.target = .accept
            case "DROP": rule.target = .drop
            case "RETURN": rule.target = .return
            case "QUEUE": return nil
            default:
                guard let chain = ChainName(validating: targetName) else { return nil }
                rule.target = .jump(chain)
            }
        case .named(let part):
            guard let target = target(part) else { return nil }
            rule.target = target
        }
        return rule
    }

    /// The match a part is; `nil` if our language has no word for it.
    func match(_ part: EntryParts.Extension) -> Match? {
        let data = part.data
        switch (part.name, part.revision) {
        case ("comment", 0):
            return data.text(at: 0, limit: Match.maximumCommentLength + 1).map { .comment($0) }
        case ("conntrack", 3):
            guard data.number(UInt16.self, at: 146) == 1, let inverted = data.number(UInt16.self, at: 148),
                let mask = data.number(UInt16.self, at: 150)
            else { return nil }
            let states = ConnectionStates.kernelBits.reduce(into: ConnectionStates()) {
                if mask & $1.bit != 0 { $0.insert($1.state) }
            }
            return states.kernelMask == mask ? .conntrack(states, isInverted: inverted & 1 != 0) : nil
        case ("addrtype", 1):
            switch (data.number(UInt16.self, at: 0), data.number(UInt16.self, at: 2)) {
            case (4, 0): return .localAddress(.source)
            case (0, 4): return .localAddress(.destination)
            default: return nil
            }
        case ("mark", 1):
            guard let mark = data.number(UInt32.self, at: 0), let mask = data.number(UInt32.self, at: 4),
                let inverted = data.number(UInt8.self, at: 8)
            else { return nil }
            return .mark(mark, mask: mask, isInverted: inverted != 0)
        case ("tcp", 0): return transport(.tcp, data, ports: 4)
        case ("udp", 0): return transport(.udp, data, ports: 4)
        case ("sctp", 0): return transport(.sctp, data, ports: 0)
        case ("statistic", 0):
            guard data.number(UInt16.self, at: 0) == 0 else { return nil }
            return data.number(UInt32.self, at: 4).map { .random(Probability(fraction: $0)) }
        case ("recent", 1): return recent(data)
        case ("nfacct", 1):
            return data.text(at: 0, limit: Match.maximumAccountingNameLength + 1).map { .accounting(name: $0) }
        default: return nil
        }
    }

    private func transport(_ transport: TransportProtocol, _ data: UnsafeRawBufferPointer, ports: Int) -> Match? {
        guard let low = data.number(UInt16.self, at: ports), let high = data.number(UInt16.self, at: ports + 2)
        else { return nil }
        if transport == .sctp ? data.number(UInt32.self, at: 284) == 0 : low == 0 && high == .max {
            return .transport(transport)
        }
        return low == high ? .transport(transport, destinationPort: low) : nil
    }

    private func recent(_ data: UnsafeRawBufferPointer) -> Match? {
        guard let seconds = data.number(UInt32.self, at: 0), let flags = data.number(UInt8.self, at: 8),
            let name = data.text(at: 10, limit: 200), let list = ChainName(validating: name)
        else { return nil }
        switch flags {
        case RecentFlags.set: return .recent(RecentMatch(list: list, action: .set))
        case RecentFlags.check | RecentFlags.reap:
            return .recent(RecentMatch(list: list, action: .check(seconds: seconds)))
        default: return nil
        }
    }

    /// The target a part is; `nil` if our language has no word for it.
    func target(_ part: EntryParts.Extension) -> Target? {
        let data = part.data
        switch (part.name, part.revision) {
        case ("MARK", 2):
            guard let mark = data.number(UInt32.self, at: 0), let mask = data.number(UInt32.self, at: 4)
            else { return nil }
            return .mark(xor: mark, clearing: mask)
        case ("MASQUERADE", 0):
            guard let flags = data.number(UInt32.self, at: family == .ipv4 ? 4 : 0) else { return nil }
            return .masquerade(randomFully: flags & NATFlags.randomFully != 0)
        case ("DNAT", 2):
            guard let address = EntryHead.address(data, at: 4, family: family),
                let port = data.number(UInt16.self, at: 36)
            else { return nil }
            return .destinationNAT(address, port: UInt16(bigEndian: port))
        case ("REJECT", 0): return .rejectPortUnreachable
        default: return nil
        }
    }
}

import Glibc
import NetworkTypes
import XTables

/// What an entry of the kernel means.
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
    let format: EntryFormat
    private let verifier: Verifier

    init(family: IPFamily) {
        self.family = family
        verifier = Verifier(family: family)
        format = EntryFormat.of(family)
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
    /// - Parameter targetName: the name `iptc_get_target` has, for verdicts and jumps.
    /// - Throws: ``MalformedEntry`` when the lengths in the entry contradict each other.
    func decode(_ bytes: UnsafeRawBufferPointer, targetName: String) throws(MalformedEntry) -> DecodedRule {
        let parts = try EntryParts(bytes, format: format)
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
                KernelEntry(base: base, length: bytes.count, targetName: name),
                record: UnsafeRawPointer(arena.base + RuleShape.numberLength))
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
        guard let found = MatchKind.byName[part.name], found.signature.isSignature(of: part, family: family)
        else { return nil }
        return found.match(ExtensionData(bytes: part.data, family: family))
    }

    /// The target a part is; `nil` if our language has no word for it.
    func target(_ part: EntryParts.Extension) -> Target? {
        guard let found = TargetKind.byName[part.name], found.signature.isSignature(of: part, family: family)
        else { return nil }
        return found.target(ExtensionData(bytes: part.data, family: family))
    }
}

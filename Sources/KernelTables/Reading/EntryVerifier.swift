// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Encodes again what was decoded, to see whether the decoder overlooked anything; shapes are kept for all that follow.
final class EntryVerifier {
    private let family: IPFamily
    private var encoder: RuleEncoder
    private let arena = ByteArena(capacity: 4096)

    init(family: IPFamily) {
        self.family = family
        encoder = RuleEncoder(family: family)
    }

    /// Whether a rule is the entry it was decoded from.
    func isRule(_ rule: Rule, _ bytes: UnsafeRawBufferPointer, targetName: String) -> Bool {
        guard let base = bytes.baseAddress, let (shape, record) = encode(rule) else { return false }
        return targetName.withCString { name in
            shape.matches(KernelEntry(base: base, length: bytes.count, targetName: name), record: record)
        }
    }

    /// Whether a match is the part of an entry it was decoded from.
    func isMatch(_ match: Match, _ part: EntryParts.Extension) -> Bool {
        var rule = Rule(matches: [match])
        rule.transport = match.transport
        guard let (shape, record) = encode(rule) else { return false }
        return shape.matches(part: part.whole, record: record)
    }

    /// Whether a target is the part of an entry it was decoded from.
    func isTarget(_ target: Target, _ part: EntryParts.Extension) -> Bool {
        guard let (shape, record) = encode(Rule(target: target)) else { return false }
        return shape.matches(part: part.whole, record: record)
    }

    /// The record stays valid until the next call.
    private func encode(_ rule: Rule) -> (RuleShape, UnsafeRawPointer)? {
        arena.truncate(to: 0)
        do throws(UnencodableRule) {
            try encoder.append(rule, chain: "X", to: arena)
        } catch {
            return nil
        }
        let shape = encoder.shapes[Int(arena.base.loadUnaligned(as: UInt16.self))]
        return (shape, UnsafeRawPointer(arena.base + RuleShape.numberLength))
    }
}

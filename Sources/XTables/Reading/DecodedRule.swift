// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// What an entry of the kernel means.
public enum DecodedRule: Hashable, Sendable {
    /// A rule of our language; encoded again it is the same entry. Any program can have written it.
    case known(Rule)
    /// A rule that kubetables could not have written, or one of ours that was altered.
    case foreign(ForeignEntry)
    /// An entry whose lengths contradict each other, which no kernel hands out: what is wrong, and how long it is.
    case malformed(reason: String, byteCount: Int)

    /// The rule as iptables-save prints it; what is not understood of a foreign one is marked `[unknown: …]`.
    ///
    /// For people: control characters stand as numbers (`\u{1b}`).
    public func text(chain: ChainName, family: IPFamily) -> String { PrintableText.line(rawText(chain, family)) }

    private func rawText(_ chain: ChainName, _ family: IPFamily) -> String {
        switch self {
        case .known(let rule): rule.saveText(chain: chain, family: family)
        case .foreign(let entry): "-A \(chain)\(entry.saveText(family: family))"
        case .malformed(let reason, let byteCount): "-A \(chain) [malformed entry: \(reason), \(byteCount) bytes]"
        }
    }
}

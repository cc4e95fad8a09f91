// SPDX-License-Identifier: Apache-2.0

// The words for what differs between the kernel and the desired rules: the same in `verify` and in the log. Plans mark rules
// with +, - and ~ instead.

import XTables

extension RuleChange.Kind {
    /// `missing`, `unexpected`, or `out of order`.
    public var word: String {
        switch self {
        case .added: "missing"
        case .removed: "unexpected"
        case .moved: "out of order"
        }
    }
}

extension RuleChange: CustomStringConvertible {
    /// The word and the rule, for example `missing: -A KUBE-SERVICES …`, and its Service if the rule does not name it.
    public var description: String { "\(kind.word): \(text)\(serviceNote.map { " (\($0))" } ?? "")" }

    /// The service port that the rule was made for, if its text does not name it: large clusters have no comments.
    package var serviceNote: String? {
        guard let name = origin.servicePort?.description, !text.contains(name) else { return nil }
        return name
    }
}

extension ChainPlan.Kind {
    /// `missing` or `unexpected`; `nil` if only rules of the chain differ.
    public var word: String? {
        switch self {
        case .created: RuleChange.Kind.added.word
        case .changed: nil
        case .deleted, .emptied: RuleChange.Kind.removed.word
        }
    }
}

extension Sequence<ChainPlan> {
    /// How many rules and chains differ, and how: `2 rules missing, 1 rule unexpected, 1 chain missing`.
    package var differenceCounts: String {
        var rules: [RuleChange.Kind: Int] = [:]
        var chains: [String: Int] = [:]
        for chain in self {
            for rule in chain.rules { rules[rule.kind, default: 0] += 1 }
            if let word = chain.kind.word { chains[word, default: 0] += 1 }
        }
        let kinds: [RuleChange.Kind] = [.added, .removed, .moved]
        let parts =
            kinds.map { (rules[$0] ?? 0, "rule", $0.word) } + kinds.map { (chains[$0.word] ?? 0, "chain", $0.word) }
        return parts.filter { $0.0 > 0 }.map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s") \($0.2)" }
            .joined(separator: ", ")
    }
}

extension ChainPlan {
    /// Everything that differs: the chain itself, for example `missing: chain KUBE-SERVICES`, then its rules.
    public var differences: [String] {
        let service = origin.servicePort.map { " (\($0))" } ?? ""
        return (kind.word.map { ["\($0): chain \(chain)\(service)"] } ?? []) + rules.map(\.description)
    }
}

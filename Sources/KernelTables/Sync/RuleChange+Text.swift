// The words for what differs between the kernel and the desired rules: the same in plans, verify, drift lines and the log.

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
    /// The word and the rule, for example `missing: -A KUBE-SERVICES …`.
    public var description: String { "\(kind.word): \(text)" }
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

extension ChainPlan {
    /// Everything that differs: the chain itself, for example `missing: chain KUBE-SERVICES`, then its rules.
    public var differences: [String] {
        (kind.word.map { ["\($0): chain \(chain)"] } ?? []) + rules.map(\.description)
    }
}

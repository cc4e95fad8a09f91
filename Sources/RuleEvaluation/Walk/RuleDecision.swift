// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Whether a packet matches a rule, and what the rule's matches do on the way.
struct RuleDecision {
    /// Whether some packets can match.
    private(set) var canMatch = true
    /// How many packets match, of those for which ``undecided`` is met.
    private(set) var share = Share.all
    /// What the packet does not decide.
    private(set) var undecided: [(text: String, fact: UndecidedFact)] = []
    /// The lists that the client is entered in.
    private(set) var remembered: [ChainName] = []
    /// The lists that the client was found in.
    private(set) var pinned: [ChainName] = []

    /// Whether all packets match.
    var isCertain: Bool { undecided.isEmpty && share == .all }

    init(_ rule: DecodedRule, _ state: PacketState, _ check: ConditionCheck) {
        rule.visitConditions { condition in
            check.log?.add(condition, state)
            switch check.answer(condition, state) {
            case .met: note(condition)
            case .unmet: canMatch = false
            case .random(let drawn): share = share * drawn
            case .undecided(let text, .packet(let isInverted)):
                if let known = state.past.packetFacts[text] {
                    canMatch = known != isInverted
                } else {
                    undecided.append((text, .packet(isInverted: isInverted)))
                }
            case .undecided(let text, let fact): undecided.append((text, fact))
            }
            return canMatch
        }
    }

    /// A met lookup or entry in a list of clients.
    private mutating func note(_ condition: RuleCondition) {
        guard case .recent(let recent) = condition else { return }
        if recent.action == .set { remembered.append(recent.list) } else { pinned.append(recent.list) }
    }
}

extension PacketState {
    /// Takes over what is known once a rule has matched.
    mutating func match(_ decision: RuleDecision) {
        for list in decision.remembered where !past.remembered.contains(list) { past.remembered.append(list) }
        for list in decision.pinned where !past.pinned.contains(list) { past.pinned.append(list) }
        for (text, fact) in decision.undecided { assume(text, fact, isMet: true) }
    }

    /// Takes over what is known once a rule has not matched, since what the packet does not decide was not met.
    ///
    /// Of several undecided conditions it is not known which one.
    mutating func mismatch(_ decision: RuleDecision) {
        guard decision.undecided.count == 1, let (text, fact) = decision.undecided.first else { return }
        assume(text, fact, isMet: false)
    }

    private mutating func assume(_ text: String, _ fact: UndecidedFact, isMet: Bool) {
        switch fact {
        case .nothing: break
        case .packet(let isInverted): past.packetFacts[text] = isMet != isInverted
        case .inputInterface(let name, let isInverted):
            if isMet != isInverted { inputInterface = .named(name) }
        case .outputInterface(let name, let isInverted):
            if isMet != isInverted { outputInterface = .named(name) }
        case .mark(let value, let mask, let isInverted):
            let unknown = mask & unknownMarkBits
            if isMet != isInverted {
                mark = mark & ~unknown | value & unknown
                unknownMarkBits &= ~unknown
                determinedMarkBits |= unknown
            } else if unknown.nonzeroBitCount == 1 {
                mark = mark & ~unknown | ~value & unknown
                unknownMarkBits &= ~unknown
                determinedMarkBits |= unknown
            }
        case .recentClient(let list):
            if isMet, !past.pinned.contains(list) { past.pinned.append(list) }
        }
    }
}

extension UndecidedFact {
    /// Whether the condition stands in the rule with a `!` that its words do not have.
    var isInverted: Bool {
        switch self {
        case .nothing, .recentClient: false
        case .packet(let isInverted), .inputInterface(_, let isInverted), .outputInterface(_, let isInverted),
            .mark(_, _, let isInverted):
            isInverted
        }
    }
}

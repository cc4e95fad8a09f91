// SPDX-License-Identifier: Apache-2.0

import XTables

/// What rules do with packets of one kind: every way they can take, and how many take it.
public struct Evaluation: Sendable {
    /// The ways, in the order in which the rules lead to them.
    public let branches: [EvaluatedBranch]

    init(_ branches: [EvaluatedBranch]) { self.branches = branches }

    /// The outcomes, those that several ways lead to under the same assumptions put together; in the order of the ways.
    public var outcomes: [OutcomeShare] {
        var places: [OutcomeKey: Int] = [:]
        return branches.reduce(into: []) { outcomes, branch in
            let key = OutcomeKey(outcome: branch.outcome, assumptions: branch.assumptions)
            if let place = places[key] {
                outcomes[place].share += branch.share
            } else {
                places[key] = outcomes.count
                outcomes.append(
                    OutcomeShare(outcome: branch.outcome, share: branch.share, assumptions: branch.assumptions))
            }
        }
    }

    /// Whether no assumption was necessary: then the shares of all ways are all packets together.
    public var isCertain: Bool { branches.allSatisfy(\.assumptions.isEmpty) }
}

private struct OutcomeKey: Hashable {
    let outcome: Outcome
    let assumptions: [Assumption]
}

/// An outcome, and how many packets have it.
public struct OutcomeShare: Hashable, Sendable {
    /// What becomes of the packets.
    public var outcome: Outcome
    /// How many of all packets for which ``assumptions`` hold.
    public var share: Share
    /// What was assumed; empty if nothing had to be.
    public var assumptions: [Assumption]

    /// An outcome of so many packets; by default of all, whatever else is the case.
    public init(outcome: Outcome, share: Share = .all, assumptions: [Assumption] = []) {
        self.outcome = outcome
        self.share = share
        self.assumptions = assumptions
    }
}

/// One way of packets through the rules.
public struct EvaluatedBranch: Hashable, Sendable {
    /// What becomes of the packets.
    public let outcome: Outcome
    /// How many of all packets for which ``assumptions`` hold.
    public let share: Share
    /// What was assumed about matches that the packet does not decide, in the order of the way.
    public let assumptions: [Assumption]
    /// The rules that matched, in the order of the way.
    public let path: [PathStep]
    /// The mark that the packet has at the end of its way; bits of ``unknownMarkBits`` are not known.
    public let mark: UInt32
    /// The bits of the mark that a target such as CONNMARK has changed in a way that is not known.
    public let unknownMarkBits: UInt32
}

/// A rule that matched on the way of a packet, or the end of a built-in chain.
public struct PathStep: Hashable, Sendable {
    /// The built-in chain at which the table was entered.
    public let hook: BuiltInChain
    /// The table.
    public let table: Table
    /// The chain that the rule is in.
    public let chain: ChainName
    /// The place of the rule in the chain, from 1, as `iptables -L --line-numbers` counts; one more than the last rule's
    /// for the policy.
    public let position: Int
    /// How many jumps led here from the built-in chain.
    public let depth: Int
    /// The rule; `nil` for the policy of a built-in chain, which is part of the way only if it drops.
    public let rule: DecodedRule?
}

/// What was assumed about a match that the packet does not decide.
public struct Assumption: Hashable, Sendable {
    /// The built-in chain at which the table was entered.
    public let hook: BuiltInChain
    /// The table.
    public let table: Table
    /// The chain that the rule is in.
    public let chain: ChainName
    /// The place of the rule in the chain, from 1.
    public let position: Int
    /// What the packet does not decide, as iptables-save prints it: `-m string --string "x" --algo bm --to 65535`.
    public let condition: String
    /// Whether it was assumed to be met.
    public let isMet: Bool
}

/// Why rules cannot be evaluated.
public enum EvaluationError: Error, Hashable, Sendable {
    /// A rule leads to a chain that the table does not have.
    case missingChain(ChainName, Table)
    /// Chains lead back to themselves, which no kernel loads.
    case loop(ChainName, Table)
    /// Matches that the packet does not decide leave more ways than ``RuleEvaluator/branchLimit``.
    case tooManyBranches
    /// The packet's addresses are not of the rules' family.
    case otherFamily
}

extension EvaluationError: CustomStringConvertible {
    /// What is wrong with the rules.
    public var description: String {
        switch self {
        case .missingChain(let chain, let table):
            "a rule of the table \(table.rawValue) leads to the chain \(chain), which the table does not have"
        case .loop(let chain, let table): "the chain \(chain) of the table \(table.rawValue) leads back to itself"
        case .tooManyBranches:
            "undecided matches leave more than \(RuleEvaluator.branchLimit) ways for the packet"
        case .otherFamily: "the packet's addresses are not of the family of the rules"
        }
    }
}

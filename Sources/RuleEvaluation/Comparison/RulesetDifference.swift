// SPDX-License-Identifier: Apache-2.0

import XTables

/// A packet that two rulesets do not do the same with.
public struct RulesetDifference: Sendable {
    /// The packet: plain in all that makes no difference.
    public let packet: Packet
    /// The host, with the packet's client in lists, if that makes the difference.
    public let network: NodeNetwork
    /// What the first ruleset does with it; without the rules on the ways where there are too many (``RuleEvaluator/branchLimit``).
    public let left: Evaluation
    /// What the second ruleset does with it, likewise.
    public let right: Evaluation

    /// Whether two distributions have the same outcomes with the same shares.
    ///
    /// - Parameter tolerance: by how much shares may differ.
    static func isSame(_ left: [EvaluatedBranch], _ right: [EvaluatedBranch], tolerance: Share) -> Bool {
        if left.count == right.count,
            zip(left, right).allSatisfy({
                $0.share == $1.share && $0.outcome == $1.outcome && $0.assumptions.isEmpty && $1.assumptions.isEmpty
            })
        {
            return true
        }
        let (first, second) = (distribution(left), distribution(right))
        if tolerance.isNone { return first == second }
        return first.allSatisfy { key, share in share.isNear(second[key] ?? .none, tolerance) }
            && second.allSatisfy { key, share in share.isNear(first[key] ?? .none, tolerance) }
    }

    private struct Key: Hashable {
        let outcome: Outcome
        let assumptions: [String]
    }

    private static func distribution(_ branches: [EvaluatedBranch]) -> [Key: Share] {
        branches.reduce(into: [:]) { shares, branch in
            var outcome = branch.outcome
            outcome.pinned = []
            outcome.remembered.sort()
            let assumptions = branch.assumptions.map { "\($0.isMet ? "" : "! ")\($0.condition)" }
            shares[Key(outcome: outcome, assumptions: assumptions), default: .none] += branch.share
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Compares what two rulesets do with every packet.
///
/// All packets that get the same answers to all questions that rules ask on the way are one class, and one packet of it
/// stands for all. The classes are found by following a packet through both rulesets: at each question, a packet with the
/// other answer, and the same answers before, leads to another class. So nothing is tried that makes no difference: a
/// cluster has some tens of classes for each front end, however many rules there are. Classes cover addresses, ports,
/// protocols, interfaces, states, marks and lists of clients, those that rules mention and those that no rule does.
///
/// Packets to one address or port that meet the same rules in both rulesets, apart from comments and names of chains, are not
/// tried either. Of addresses or ports whose packets meet rules of the same form, as those of most Services do, one is tried.
///
/// Classes differ if an ``Outcome`` has another share, whichever rules lead to it. An undecided match must be in both
/// rulesets, in the same words. Lists of clients are the same if they have the same name. Where a client is entered is part
/// of the outcome, where it was found is not.
///
/// Not tried: connections that are translated already, and of address masks with holes more than their ends.
public struct RulesetComparison: Sendable {
    private let left: RuleEvaluator
    private let right: RuleEvaluator
    private let network: NodeNetwork
    private let tolerance: Share

    /// Compares two rulesets of a family on a host.
    ///
    /// - Parameters:
    ///   - network: the host; its lists of clients are taken as empty, and tried with clients in them.
    ///   - tolerance: shares that differ by no more than this are taken as equal. The kernel keeps probabilities as fractions of
    ///     2³¹, so rules that draw in other ways, among groups of endpoints for example, cannot have the very same shares:
    ///     ``Share/rounding``.
    public init(
        _ left: RuleEvaluator, _ right: RuleEvaluator, on network: NodeNetwork, tolerance: Share = .none
    ) {
        self.left = left
        self.right = right
        self.tolerance = tolerance
        var network = network
        network.recentClients = [:]
        self.network = network
    }

    /// What a comparison has found.
    public struct Result: Sendable {
        /// A smallest packet that the rulesets do not do the same with; `nil` if they are equal.
        public let difference: RulesetDifference?
        /// The number of classes that were compared, without those of packets that meet the same rules,
        /// or for which others stand.
        public let classCount: Int
    }

    /// Compares class by class, until one differs.
    ///
    /// - Throws: ``EvaluationError``.
    public func run() throws(EvaluationError) -> Result {
        guard left.family == right.family else { throw .otherFamily }
        let log = QuestionLog()
        let search = ClassSearch(
            left.family, network, SimilarRules(left, right, network, EqualRules(left, right)))
        // Packets to try, and how many of their first questions lead to the class that they come from.
        var waiting = PlainPacket.all(left.family, network).reversed().map { (packet: $0, known: 0) }
        var count = 0
        while let (packet, known) = waiting.popLast() {
            log.clear()
            guard try isSame(packet, log) else {
                return Result(difference: try difference(smallest(packet)), classCount: count + 1)
            }
            count += 1
            search.forEachNeighbour(of: packet, log.questions, behind: known) { neighbour, place in
                waiting.append((neighbour, place + 1))
            }
        }
        return Result(difference: nil, classCount: count)
    }

    private func isSame(_ packet: PacketClass, _ log: QuestionLog?) throws(EvaluationError) -> Bool {
        let check = ConditionCheck(
            family: left.family, network: packet.network(network), drawsClients: true, log: log)
        let branches = try left.branches(of: packet.packet, check)
        return RulesetDifference.isSame(
            branches, try right.branches(of: packet.packet, check), tolerance: tolerance)
    }

    /// A packet that makes a difference and is plain in all that does not matter.
    private func smallest(_ packet: PacketClass) throws(EvaluationError) -> PacketClass {
        var smallest = packet
        for simplify in PlainPacket.simplifications(packet, network) {
            var simpler = smallest
            simplify(&simpler)
            if try !isSame(simpler, nil) { smallest = simpler }
        }
        return smallest
    }

    private func difference(_ packet: PacketClass) throws(EvaluationError) -> RulesetDifference {
        let network = packet.network(network)
        return RulesetDifference(
            packet: packet.packet, network: network,
            left: try evaluation(by: left, packet, network), right: try evaluation(by: right, packet, network))
    }

    /// What rules do with a packet, with the rules on its ways unless these are too many.
    private func evaluation(
        by evaluator: RuleEvaluator, _ packet: PacketClass, _ network: NodeNetwork
    ) throws(EvaluationError) -> Evaluation {
        func evaluation(recordsPath: Bool) throws(EvaluationError) -> Evaluation {
            try evaluator.evaluate(packet.packet, on: network, recordsPath: recordsPath, standsForClients: true)
        }
        do {
            return try evaluation(recordsPath: true)
        } catch EvaluationError.tooManyBranches {
            return try evaluation(recordsPath: false)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Finds packets that get another answer than one that was tried.
final class ClassSearch {
    private let check: ConditionCheck
    private let values: PacketValues
    private let equalRules: EqualRules
    /// The answers that an index allows, in their order, which must not change from run to run.
    private var indexAnswers: [DispatchIndex: [PacketQuestion.Answer]] = [:]
    private var portAnswers: [DispatchIndex: [PacketQuestion.Answer]] = [:]

    init(_ family: IPFamily, _ network: NodeNetwork, _ equalRules: EqualRules) {
        self.equalRules = equalRules
        check = ConditionCheck(family: family, network: network, log: nil)
        values = PacketValues(family, network)
    }

    private struct Answered {
        let question: PacketQuestion
        let dimension: PacketQuestion.Dimension
        let answer: PacketQuestion.Answer
    }

    /// Calls `body` with packets that get the same answers as `packet` up to a question, and another one there.
    ///
    /// - Parameters:
    ///   - questions: those that `packet` was asked.
    ///   - first: the place of the first question that can get another answer.
    ///   - body: gets a packet for each other answer that a packet can give, and the place of the question.
    func forEachNeighbour(
        of packet: PacketClass, _ questions: [PacketQuestion], behind first: Int,
        _ body: (PacketClass, _ place: Int) -> Void
    ) {
        var answered: [Answered] = []
        answered.reserveCapacity(questions.count)
        for (place, question) in questions.enumerated() {
            guard let dimension = question.dimension else { continue }
            let answer = packet.answer(question, check)
            if place >= first {
                let before = answered.filter { $0.dimension == dimension }
                // An address or port of an index leaves nothing open.
                if !before.contains(where: \.answer.isPinned) {
                    for other in alternatives(question, answer) where other != answer {
                        if isContradiction(other, before) || isProven(other, answered) { continue }
                        let wanted = Answered(question: question, dimension: dimension, answer: other)
                        if let neighbour = self.packet(like: packet, before, wanted) { body(neighbour, place) }
                    }
                }
            }
            answered.append(Answered(question: question, dimension: dimension, answer: answer))
        }
    }

    /// All answers that a question allows.
    private func alternatives(_ question: PacketQuestion, _ answer: PacketQuestion.Answer) -> [PacketQuestion.Answer] {
        switch question {
        case .destination(let index):
            if let known = indexAnswers[index] { return known }
            let all = index.addresses.sorted().map { PacketQuestion.Answer.address($0) } + [.address(nil)]
            indexAnswers[index] = all
            return all
        case .port(let index):
            if let known = portAnswers[index] { return known }
            let all = index.ports.sorted().map { PacketQuestion.Answer.port($0) } + [.port(nil)]
            portAnswers[index] = all
            return all
        case .condition, .isLoopback, .isRoutable:
            return [.flag(answer == .flag(false))]
        }
    }

    /// Whether an index that was asked before has an address or port that is none of it.
    private func isContradiction(_ answer: PacketQuestion.Answer, _ before: [Answered]) -> Bool {
        switch answer {
        case .address(let address?):
            before.contains { if case .destination(let index) = $0.question { index.contains(address) } else { false } }
        case .port(let port?):
            before.contains { if case .port(let index) = $0.question { index.contains(port) } else { false } }
        default: false
        }
    }

    /// Whether packets that give an answer need not be tried, because they meet the same rules in both rulesets.
    private func isProven(_ answer: PacketQuestion.Answer, _ answered: [Answered]) -> Bool {
        switch answer {
        case .address(let address?): return equalRules.areSame(to: address)
        case .port(let port?):
            let isToIndexed = answered.contains { $0.dimension == .destination && $0.answer.isPinned }
            return !isToIndexed && equalRules.areSame(toPort: port)
        default: return false
        }
    }

    /// A packet with another value in one dimension that gives all answers.
    private func packet(
        like packet: PacketClass, _ before: [Answered], _ wanted: Answered
    ) -> PacketClass? {
        let candidates: [PacketValue] =
            switch wanted.answer {
            case .address(let address?): [.destination(address)]
            case .port(let port?): [.destinationPort(port)]
            default:
                values.candidates(wanted.dimension, before.map(\.question) + [wanted.question], packet.packet)
            }
        for value in candidates {
            let candidate = packet.with(value)
            guard candidate.answer(wanted.question, check) == wanted.answer else { continue }
            if before.allSatisfy({ candidate.answer($0.question, check) == $0.answer }) { return candidate }
        }
        return nil
    }
}

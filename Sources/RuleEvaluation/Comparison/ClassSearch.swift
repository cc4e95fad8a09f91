// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Finds packets that get another answer than one that was tried.
final class ClassSearch {
    private let check: ConditionCheck
    private let values: PacketValues
    private let similarRules: SimilarRules
    /// The answers that an index allows, in their order, which must not change from run to run.
    private var indexAnswers: [DispatchIndex: [PacketQuestion.Answer]] = [:]
    private var portAnswers: [DispatchIndex: [PacketQuestion.Answer]] = [:]

    init(_ family: IPFamily, _ network: NodeNetwork, _ similarRules: SimilarRules) {
        self.similarRules = similarRules
        check = ConditionCheck(family: family, network: network, drawsClients: true, log: nil)
        values = PacketValues(family, network)
    }

    private struct Answered {
        let question: PacketQuestion
        let answer: PacketQuestion.Answer
    }

    /// What was asked before, by what of the packet decides it.
    private typealias Answers = [PacketQuestion.Dimension: [Answered]]

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
        var answers: Answers = [:]
        for (place, question) in questions.enumerated() {
            guard let dimension = question.dimension else { continue }
            let answer = packet.answer(question, check)
            if place >= first {
                let before = answers[dimension] ?? []
                // An address or port of an index leaves nothing open.
                if !before.contains(where: \.answer.isPinned) {
                    for other in alternatives(question, answer, answers) where other != answer {
                        if isContradiction(other, before) { continue }
                        let wanted = Answered(question: question, answer: other)
                        if let neighbour = self.packet(like: packet, dimension, before, wanted) {
                            body(neighbour, place)
                        }
                    }
                }
            }
            answers[dimension, default: []].append(Answered(question: question, answer: answer))
        }
    }

    /// All answers that a question allows, without those of packets for which others stand.
    private func alternatives(
        _ question: PacketQuestion, _ answer: PacketQuestion.Answer, _ before: Answers
    ) -> [PacketQuestion.Answer] {
        switch question {
        case .destination(let index):
            if let known = indexAnswers[index] { return known }
            let addresses = index.addresses.sorted().filter { !similarRules.isRepresented($0) }
            let all = addresses.map { PacketQuestion.Answer.address($0) } + [.address(nil)]
            indexAnswers[index] = all
            return all
        case .port(let index):
            let all = ports(index)
            let destinations = before[.destination] ?? []
            // The rules for an address of an index are others than those for its port.
            if destinations.contains(where: \.answer.isPinned) { return all }
            let passed = destinations.compactMap { answered in
                if case .destination(let index) = answered.question { index } else { nil }
            }
            let represented = similarRules.representedPorts(outside: passed)
            return all.filter { if case .port(let port?) = $0 { !represented.contains(port) } else { true } }
        case .condition, .isLoopback, .isRoutable:
            return [.flag(answer == .flag(false))]
        }
    }

    private func ports(_ index: DispatchIndex) -> [PacketQuestion.Answer] {
        if let known = portAnswers[index] { return known }
        let all = index.ports.sorted().map { PacketQuestion.Answer.port($0) } + [.port(nil)]
        portAnswers[index] = all
        return all
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

    /// A packet with another value in one dimension that gives all answers.
    private func packet(
        like packet: PacketClass, _ dimension: PacketQuestion.Dimension, _ before: [Answered], _ wanted: Answered
    ) -> PacketClass? {
        switch wanted.answer {
        case .address(let address?): return first(of: [.destination(address)], like: packet, before, wanted)
        case .port(let port?): return first(of: [.destinationPort(port)], like: packet, before, wanted)
        case .flag, .address(nil), .port(nil): break
        }
        // Mostly a value that the question itself leads to will do, and those of all questions before need not be tried.
        let own = values.candidates(dimension, [wanted.question], packet.packet)
        if let found = first(of: own, like: packet, before, wanted) { return found }
        let all = values.candidates(dimension, before.map(\.question) + [wanted.question], packet.packet)
        return first(of: all, like: packet, before, wanted)
    }

    private func first(
        of candidates: [PacketValue], like packet: PacketClass, _ before: [Answered], _ wanted: Answered
    ) -> PacketClass? {
        for value in candidates {
            let candidate = packet.with(value)
            guard candidate.answer(wanted.question, check) == wanted.answer else { continue }
            if before.allSatisfy({ candidate.answer($0.question, check) == $0.answer }) { return candidate }
        }
        return nil
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Follows a packet through one table, from a built-in chain on, on all ways that it can take.
struct TableWalk {
    private let table: EvaluatedTable
    private let hook: BuiltInChain
    private let check: ConditionCheck
    private let recordsPath: Bool
    /// How many times the way has forked.
    private var forkCount: Int
    /// The packets that have left the table and go on.
    private(set) var passed: [PacketState] = []
    /// The packets whose way has ended.
    private(set) var ended: [EvaluatedBranch] = []

    init(
        _ table: EvaluatedTable, _ hook: BuiltInChain, _ check: ConditionCheck, recordsPath: Bool
    ) {
        self.table = table
        self.hook = hook
        self.check = check
        self.recordsPath = recordsPath
        forkCount = 0
    }

    /// A place in a chain.
    private struct Place {
        let chain: EvaluatedChain
        /// The places of the rules that the packet can match; `nil` for all rules.
        let candidates: [Int]?
        let depth: Int

        var count: Int { candidates?.count ?? chain.count }
    }

    mutating func run(_ state: PacketState) throws(EvaluationError) {
        guard let chain = table[hook.name] else {
            passed.append(state)
            return
        }
        var returned: [PacketState] = []
        try enter(chain, state, depth: 0, &returned)
        guard chain.policy == .drop else {
            passed += returned
            return
        }
        for var state in returned {
            record(nil, at: chain.count, of: chain, depth: 0, in: &state)
            ended.append(state.branch(.dropped))
        }
    }

    private mutating func enter(
        _ chain: EvaluatedChain, _ state: PacketState, depth: Int, _ returned: inout [PacketState]
    ) throws(EvaluationError) {
        // A destination changes only where the way through the table ends.
        let candidates = chain.candidates(state.destination, state.destinationPort)
        if let log = check.log, let index = chain.index { log.addLookup(index, state) }
        try follow(Place(chain: chain, candidates: candidates, depth: depth), from: 0, state, &returned)
    }

    /// Tries the rules of a chain from one on; those packets that leave the chain at its end or by RETURN are `returned`.
    private mutating func follow(
        _ place: Place, from first: Int, _ state: PacketState, _ returned: inout [PacketState]
    ) throws(EvaluationError) {
        var state = state
        var next = first
        while next < place.count {
            let number = place.candidates?[next] ?? next
            next += 1
            let rule = place.chain[number]
            let decision = RuleDecision(rule, state, check)
            guard decision.canMatch else { continue }
            let action = rule.action(check.family)
            guard decision.isCertain else {
                guard let going = try fork(rule, action, decision, at: number, place, state, &returned)
                else { continue }
                for other in going.dropLast() { try follow(place, from: next, other, &returned) }
                guard let last = going.last else { return }
                state = last
                continue
            }
            state.match(decision)
            let going = try act(action, rule, at: number, place, state, &returned)
            for other in going.dropFirst() { try follow(place, from: next, other, &returned) }
            guard let first = going.first else { return }
            state = first
        }
        returned.append(state)
    }

    /// Does what a rule does to those packets that match it, where only some match.
    ///
    /// - Returns: the packets that go on behind the rule; `nil` if it makes no difference whether they match.
    private mutating func fork(
        _ rule: DecodedRule, _ action: RuleAction, _ decision: RuleDecision, at number: Int, _ place: Place,
        _ state: PacketState, _ returned: inout [PacketState]
    ) throws(EvaluationError) -> [PacketState]? {
        if action == .goesOn, decision.remembered.isEmpty { return nil }
        var matched = state
        matched.match(decision)
        matched.share = state.share * decision.share
        let assumption = assumption(decision, at: number, place, isMet: true)
        if let assumption { matched.past.assumptions.append(assumption) }

        let (passedCount, endedCount, returnedCount) = (passed.count, ended.count, returned.count)
        var going = try act(action, rule, at: number, place, matched, &returned)
        if passed.count == passedCount, ended.count == endedCount, returned.count == returnedCount,
            going.allSatisfy({ $0.isEquivalent(to: state) })
        {
            return nil
        }
        forkCount += 1
        guard forkCount <= RuleEvaluator.branchLimit else { throw .tooManyBranches }
        if decision.share != .all {
            var undrawn = state
            if let assumption {
                undrawn.match(decision)
                undrawn.past.pinned = state.past.pinned
                undrawn.past.remembered = state.past.remembered
                undrawn.past.assumptions.append(assumption)
            }
            undrawn.share = state.share * decision.share.rest
            going.append(undrawn)
        }
        if let assumption = self.assumption(decision, at: number, place, isMet: false) {
            var unmet = state
            unmet.mismatch(decision)
            unmet.past.assumptions.append(assumption)
            going.append(unmet)
        }
        return joined(going)
    }

    /// What is assumed if the undecided conditions of a rule are met, or are not; `nil` if there are none.
    private func assumption(_ decision: RuleDecision, at number: Int, _ place: Place, isMet: Bool) -> Assumption? {
        guard let (text, fact) = decision.undecided.first else { return nil }
        let isSingle = decision.undecided.count == 1
        let words = decision.undecided.map { ($0.fact.isInverted ? "! " : "") + $0.text }
        return Assumption(
            hook: hook, table: table.table, chain: place.chain.name, position: number + 1,
            condition: isSingle ? text : words.joined(separator: " "),
            isMet: isSingle ? isMet != fact.isInverted : isMet)
    }

    /// Does what a rule does to a packet that matches it.
    ///
    /// - Returns: the packets that go on behind the rule.
    private mutating func act(
        _ action: RuleAction, _ rule: DecodedRule, at number: Int, _ place: Place, _ state: PacketState,
        _ returned: inout [PacketState]
    ) throws(EvaluationError) -> [PacketState] {
        var state = state
        record(rule, at: number, of: place.chain, depth: place.depth, in: &state)
        switch action {
        case .goesOn:
            return [state]
        case .marks(let change):
            state.mark(change)
            return [state]
        case .stopsTracking:
            state.connection = .untracked
            return [state]
        case .returns:
            returned.append(state)
        case .chain(let name, let isGoto):
            guard let chain = table[name] else { throw .missingChain(name, table.table) }
            guard place.depth < table.chainCount else { throw .loop(name, table.table) }
            if isGoto {
                try enter(chain, state, depth: place.depth + 1, &returned)
            } else {
                var back: [PacketState] = []
                try enter(chain, state, depth: place.depth + 1, &back)
                return joined(back)
            }
        case .accepts:
            passed.append(state)
        case .drops:
            ended.append(state.branch(.dropped))
        case .rejects(let name):
            ended.append(state.branch(.rejected(with: name)))
        case .handsOver(let target):
            ended.append(state.branch(.handedOver(to: target)))
        case .unknown(let target):
            ended.append(state.branch(.notUnderstood(target: target)))
        case .translatesSource(let addresses):
            state.translateSource(addresses, check.network)
            passed.append(state)
        case .translatesDestination(let addresses, let ports):
            translateDestination(of: state, addresses, ports, at: number, place)
        }
        return []
    }

    /// Puts together those packets that go on alike, unless their ways are of interest: a chain that decides bit by bit returns them
    /// by many ways, each of which would fork again at every rule behind it.
    private func joined(_ states: [PacketState]) -> [PacketState] { recordsPath ? states : states.joined() }

    /// Lets go on what gets a new destination: the kernel chooses among several by a hash that is not repeated here.
    private mutating func translateDestination(
        of state: PacketState, _ addresses: ClosedRange<IPAddress>?, _ ports: ClosedRange<UInt16>?, at number: Int,
        _ place: Place
    ) {
        guard let choices = DestinationChoices(addresses, ports, state, hook, check.network) else {
            ended.append(state.branch(.notUnderstood(target: "a choice of many destinations")))
            return
        }
        for choice in choices.all {
            var chosen = state
            chosen.translateDestination(choice)
            if choices.all.count > 1 {
                chosen.past.assumptions.append(
                    Assumption(
                        hook: hook, table: table.table, chain: place.chain.name, position: number + 1,
                        condition: "the kernel chooses \(choice)", isMet: true))
            }
            passed.append(chosen)
        }
    }

    private func record(
        _ rule: DecodedRule?, at number: Int, of chain: EvaluatedChain, depth: Int, in state: inout PacketState
    ) {
        guard recordsPath else { return }
        state.past.path.append(
            PathStep(
                hook: hook, table: table.table, chain: chain.name, position: number + 1, depth: depth, rule: rule))
    }
}

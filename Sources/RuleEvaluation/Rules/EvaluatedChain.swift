// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A chain in the form in which packets are followed through it.
struct EvaluatedChain: Sendable {
    /// The rules, as they came: copies of hundreds of thousands of them would cost more than the evaluation.
    private enum Rules: Sendable {
        case desired([Rule])
        case read([CountedRule])
    }

    let name: ChainName
    /// What happens at the end of a built-in chain; `nil` for all other chains.
    let policy: ChainPolicy.Verdict?
    private let rules: Rules
    /// Where to begin in a long chain; `nil` for short ones.
    let index: DispatchIndex?

    init(_ chain: Chain) { self.init(chain.name, policy: nil, .desired(chain.rules)) }

    init(_ builtIn: BuiltInChain, _ rules: [Rule]) {
        self.init(builtIn.name, policy: .accept, .desired(rules))
    }

    init(_ content: ChainContent) {
        self.init(content.name, policy: content.policy?.verdict, .read(content.rules))
    }

    private init(_ name: ChainName, policy: ChainPolicy.Verdict?, _ rules: Rules) {
        self.name = name
        self.policy = policy
        self.rules = rules
        let count =
            switch rules {
            case .desired(let rules): rules.count
            case .read(let rules): rules.count
            }
        index =
            count > DispatchIndex.shortestChain
            ? DispatchIndex((0..<count).lazy.map { Self.rule(rules, $0) }) : nil
    }

    var count: Int {
        switch rules {
        case .desired(let rules): rules.count
        case .read(let rules): rules.count
        }
    }

    subscript(place: Int) -> DecodedRule { Self.rule(rules, place) }

    private static func rule(_ rules: Rules, _ place: Int) -> DecodedRule {
        switch rules {
        case .desired(let rules): .known(rules[place])
        case .read(let rules): rules[place].rule
        }
    }

    /// The places of the rules that a packet to this destination can match, in their order; `nil` for all rules.
    func candidates(_ destination: IPAddress, _ port: UInt16?) -> [Int]? { index?.candidates(destination, port) }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Numbers for what stands in forms as it is.
final class FormLiterals {
    enum Literal: Hashable {
        case condition(RuleCondition)
        case action(RuleAction)
        case policy(ChainPolicy.Verdict?)
        case address(IPAddress?)
        case nextHop(NodeNetwork.NextHop)
    }

    private var numbers: [Literal: Int] = [:]

    func number(_ literal: Literal) -> Int {
        if let known = numbers[literal] { return known }
        let number = numbers.count
        numbers[literal] = number
        return number
    }
}

// SPDX-License-Identifier: Apache-2.0

import XTables

/// A foreign rule that can take packets to a Service before the jumps to our chains see them.
package struct ForeignRuleAhead: Sendable, Hashable {
    package let table: Table
    /// The chain that the rule is in.
    package let chain: String
    /// The rule, as iptables-save prints it.
    package let rule: String
    /// What of which Services it can take.
    package let effect: String

    package init(table: Table, chain: String, rule: String, effect: String) {
        self.table = table
        self.chain = chain
        self.rule = rule
        self.effect = effect
    }
}

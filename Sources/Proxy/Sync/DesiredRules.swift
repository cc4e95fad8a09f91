// SPDX-License-Identifier: Apache-2.0

import RuleCompiler
import XTables

/// The desired rules of a family: those that follow from the input, and those of an earlier run that stay meanwhile.
///
/// Putting a large ruleset together takes a while, and is better done on a thread of its own.
package struct DesiredRules: Sendable {
    /// What follows from the input.
    package let compilation: Compilation
    /// What stays although no readable object is behind it; `nil` if nothing does.
    package let kept: KeptRules?

    /// All of them.
    package var ruleset: Ruleset {
        let ruleset = compilation.ruleset
        return kept?.added(to: ruleset) ?? ruleset
    }
}

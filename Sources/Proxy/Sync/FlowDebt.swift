// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel

/// Whether flows must be cleaned, and what is needed for it.
///
/// It is owed until flows were cleaned *after* a commit of the rules that made it due: a flow that is deleted earlier may
/// begin anew by the old rules.
struct FlowDebt: Equatable {
    /// How many former service ports are remembered; if there are more, their flows time out by themselves.
    static let formerLimit = 100_000

    /// Whether flows may lead to endpoints that are gone.
    private(set) var isDue = false
    /// Whether rules were missing for a while, so that TCP connections may have begun without them.
    private(set) var afterGap = false
    /// Service ports that are reached by UDP as they were, if they are gone or changed.
    private(set) var former: Set<ServicePort> = []

    init() {}

    /// What is owed after rules of nat were missing: flows that began meanwhile pass the rules by.
    static let gap = FlowDebt(isDue: true, afterGap: true, former: [])

    init(isDue: Bool, afterGap: Bool = false, former: some Sequence<ServicePort>) {
        self.isDue = isDue
        self.afterGap = afterGap
        self.former = Set(former.lazy.filter { $0.name.transport == .udp }.prefix(Self.formerLimit))
    }

    mutating func formUnion(_ other: FlowDebt) {
        isDue = isDue || other.isDue
        afterGap = afterGap || other.afterGap
        if former.count + other.former.count <= Self.formerLimit { former.formUnion(other.former) }
    }
}

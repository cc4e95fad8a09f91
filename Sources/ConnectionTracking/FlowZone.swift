// SPDX-License-Identifier: Apache-2.0

/// A conntrack zone: flows with the same addresses in different zones are different flows.
///
/// A zone can hold for one direction only (`CT --zone-orig`, `CT --zone-reply`): in the other one the flow is found as if it
/// had none (include/net/netfilter/nf_conntrack_zones.h).
package enum FlowZone: Hashable, Sendable {
    /// For both directions: of a rule `CT --zone`, or of a virtual switch.
    case both(UInt16)
    /// For the packets of the side that began.
    case original(UInt16)
    /// For the packets of the other side.
    case reply(UInt16)

    /// The zone of most flows.
    package static let none = FlowZone.both(0)

    /// Whether a virtual switch can have put the flow there, which tracks packets that are yet to reach the rules.
    ///
    /// Switches set zones for both directions (net/openvswitch/conntrack.c, net/sched/act_ct.c: `NF_CT_DEFAULT_ZONE_DIR`).
    var mayBeOfSwitch: Bool {
        switch self {
        case .both(let number): number != 0
        case .original, .reply: false
        }
    }
}

extension FlowZone: CustomStringConvertible {
    /// As conntrack -L prints it, after a space; nothing for ``none``.
    package var description: String {
        switch self {
        case .none: ""
        case .both(let number): " zone=\(number)"
        case .original(let number): " zone-orig=\(number)"
        case .reply(let number): " zone-reply=\(number)"
        }
    }
}

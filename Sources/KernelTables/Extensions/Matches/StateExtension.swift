// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The state of the connection, as programs older than xt_conntrack ask for it (`struct xt_state_info`).
enum StateExtension: DescribedMatch {
    static let signature = ExtensionSignature("state", revision: 0, dataLength: 8)

    private static let mask = Member<UInt32>(at: 0)

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        // iptables inverts the mask, and does not print that it did.
        guard let mask = UInt16(exactly: data[mask]), mask & (1 << 6 | 1 << 7) == 0,
            let names = ConntrackExtension.stateNames.text(mask)
        else { return nil }
        var match = MatchDescription("state")
        match.text.add("--state", names)
        match.conditions.all.append(.connectionStates(ConntrackExtension.states(mask), isInverted: false))
        return match
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The routing realm (`struct xt_realm_info`, linux/netfilter/xt_realm.h).
enum RealmExtension: DescribedMatch {
    static let signature = ExtensionSignature("realm", revision: 0, ipv4: 16, ipv6: nil)

    private static let realm = Member<UInt32>(at: 0)
    private static let mask = Member<UInt32>(at: 4)
    private static let invert = Member<UInt8>(at: 8)

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        // iptables-save prints the name that /etc/iproute2/rt_realms gives a whole realm, as it does for 0.
        guard let isInverted = data.flag(invert), data[mask] != .max || data[realm] != 0 else { return nil }
        var match = MatchDescription("realm", .undecidable)
        match.text.add("--realm", SaveWords.mark(data[realm], mask: data[mask]), isInverted: isInverted)
        return match
    }
}

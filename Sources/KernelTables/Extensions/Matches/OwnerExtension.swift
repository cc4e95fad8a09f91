// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Who owns the socket that sends the packet (`struct xt_owner_match_info`, linux/netfilter/xt_owner.h).
enum OwnerExtension: DescribedMatch {
    static let signature = ExtensionSignature("owner", revision: 1, dataLength: 24)

    private static let firstUser = Member<UInt32>(at: 0)
    private static let lastUser = Member<UInt32>(at: 4)
    private static let firstGroup = Member<UInt32>(at: 8)
    private static let lastGroup = Member<UInt32>(at: 12)
    private static let flags = Member<UInt8>(at: 16)
    private static let inverseFlags = Member<UInt8>(at: 17)

    // Flags (`XT_OWNER_*`).
    private static let user: UInt8 = 1 << 0
    private static let group: UInt8 = 1 << 1
    private static let socket: UInt8 = 1 << 2
    private static let supplementaryGroups: UInt8 = 1 << 3

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        let (flags, inverse) = (data[flags], data[inverseFlags])
        guard (flags | inverse) & ~0xf == 0, inverse & ~flags == 0, data[firstUser] <= data[lastUser],
            data[firstGroup] <= data[lastGroup]
        else { return nil }
        var match = MatchDescription("owner", .undecidable)
        if flags & socket != 0 { match.text.add("--socket-exists", isInverted: inverse & socket != 0) }
        if flags & user != 0 {
            match.text.add(
                "--uid-owner", data[firstUser]...data[lastUser], separator: "-", isInverted: inverse & user != 0)
        }
        if flags & group != 0 {
            match.text.add(
                "--gid-owner", data[firstGroup]...data[lastGroup], separator: "-", isInverted: inverse & group != 0)
        }
        if flags & supplementaryGroups != 0 {
            match.text.add("--suppl-groups", isInverted: inverse & supplementaryGroups != 0)
        }
        return match
    }
}

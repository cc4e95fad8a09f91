// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Targets that are not put into words, but of which it is known what they do to a packet's way.
///
/// Each has `XT_CONTINUE` as its only verdict in its file of the kernel (net/netfilter/xt_*.c).
enum UndescribedTargets {
    private static let continuing: Set<String> = [
        "CHECKSUM", "CONNSECMARK", "DSCP", "ECN", "HL", "IDLETIMER", "LED", "RATEEST", "SECMARK", "TCPOPTSTRIP", "TOS",
        "TRACE", "TTL",
    ]

    /// What a target does to a packet.
    static func effect(_ part: EntryParts.Extension) -> TargetEffect {
        switch part.name {
        case "NOTRACK": .stopsTracking
        case "CT": stopsTracking(part) ? .stopsTracking : .goesOn
        case "HMARK": .changesMark
        case "SET": mapsMark(part) ? .changesMark : .goesOn
        default: continuing.contains(part.name) ? .goesOn : .unknown
        }
    }

    /// `XT_CT_NOTRACK` in the flags that all revisions begin with (`struct xt_ct_target_info`).
    private static func stopsTracking(_ part: EntryParts.Extension) -> Bool {
        guard part.data.count >= MemoryLayout<UInt16>.size else { return false }
        return part.data.loadUnaligned(as: UInt16.self) & 1 != 0
    }

    /// Whether a set gives the packet its mark: the third set of `struct xt_set_info_target_v3` is one.
    private static func mapsMark(_ part: EntryParts.Extension) -> Bool {
        let (offset, noSet) = (8, UInt16.max)
        guard part.revision >= 3, part.data.count >= offset + MemoryLayout<UInt16>.size else { return false }
        return part.data.loadUnaligned(fromByteOffset: offset, as: UInt16.self) != noSet
    }
}

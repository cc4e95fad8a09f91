// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Hands the packet to a program (`struct xt_NFQ_info_v3`, linux/netfilter/xt_NFQUEUE.h).
enum QueueTarget: DescribedTarget {
    static let signature = ExtensionSignature("NFQUEUE", revision: 3, dataLength: 8)

    private static let queue = Member<UInt16>(at: 0)
    private static let count = Member<UInt16>(at: 2)
    private static let flags = Member<UInt16>(at: 4)

    // Flags (`NFQ_FLAG_*`).
    private static let bypass: UInt16 = 0x01
    private static let spreadsOverProcessors: UInt16 = 0x02

    static func describe(_ data: ExtensionData) -> TargetDescription? {
        let (first, count, flags) = (Int(data[queue]), Int(data[count]), data[flags])
        guard flags & ~0x3 == 0 else { return nil }
        var text: SaveWords = "NFQUEUE"
        if count > 1 {
            text.add("--queue-balance", first...(first + count - 1))
        } else {
            text.add("--queue-num", first)
        }
        if flags & bypass != 0 { text.add("--queue-bypass") }
        if flags & spreadsOverProcessors != 0 { text.add("--queue-cpu-fanout") }
        return TargetDescription(text: text, effect: .leavesTable)
    }
}

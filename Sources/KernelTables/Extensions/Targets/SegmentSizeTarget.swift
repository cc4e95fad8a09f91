// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Lowers the maximum segment size of a TCP handshake (`struct xt_tcpmss_info`, linux/netfilter/xt_TCPMSS.h).
enum SegmentSizeTarget: DescribedTarget {
    static let signature = ExtensionSignature("TCPMSS", revision: 0, dataLength: 8)

    private static let size = Member<UInt16>(at: 0)

    /// The size that stands for that of the path (`XT_TCPMSS_CLAMP_PMTU`).
    private static let pathSize: UInt16 = 0xffff

    static func describe(_ data: ExtensionData) -> TargetDescription? {
        var text: SaveWords = "TCPMSS"
        if data[size] == pathSize { text.add("--clamp-mss-to-pmtu") } else { text.add("--set-mss", data[size]) }
        return TargetDescription(text: text, effect: .goesOn)
    }
}

/// Answers a TCP handshake before the server sees it (`struct xt_synproxy_info`, linux/netfilter/xt_SYNPROXY.h).
enum SYNProxyTarget: DescribedTarget {
    static let signature = ExtensionSignature("SYNPROXY", revision: 0, dataLength: 8)

    private static let options = Member<UInt8>(at: 0)
    private static let windowScale = Member<UInt8>(at: 1)
    private static let segmentSize = Member<UInt16>(at: 2)

    // Options (`XT_SYNPROXY_OPT_*`).
    private static let hasSegmentSize: UInt8 = 1 << 0
    private static let hasWindowScale: UInt8 = 1 << 1
    private static let permitsSelectiveAcknowledgement: UInt8 = 1 << 2
    private static let hasTimestamp: UInt8 = 1 << 3
    private static let congestionNotification: UInt8 = 1 << 4

    static func describe(_ data: ExtensionData) -> TargetDescription? {
        let options = data[options]
        guard options & ~0x1f == 0 else { return nil }
        var text: SaveWords = "SYNPROXY"
        if options & permitsSelectiveAcknowledgement != 0 { text.add("--sack-perm") }
        if options & hasTimestamp != 0 { text.add("--timestamp") }
        if options & hasWindowScale != 0 { text.add("--wscale", data[windowScale]) }
        if options & hasSegmentSize != 0 { text.add("--mss", data[segmentSize]) }
        if options & congestionNotification != 0 { text.add("--ecn") }
        return TargetDescription(text: text, effect: .leavesTable)
    }
}

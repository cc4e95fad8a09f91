// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Sends a copy of the packet to a gateway (`struct xt_tee_tginfo`, linux/netfilter/xt_TEE.h).
enum TeeTarget: DescribedTarget {
    static let signature = ExtensionSignature("TEE", revision: 1, dataLength: 40)

    private static let gateway = MemberBytes(at: 0, length: 16)
    private static let interface = MemberBytes(at: 16, length: 16)

    static func describe(_ data: ExtensionData) -> TargetDescription? {
        guard let interface = data.text(interface) else { return nil }
        var text: SaveWords = "TEE"
        text.add("--gateway", data.addressBits(gateway).text(data.family))
        if !interface.isEmpty { text.add("--oif", interface) }
        return TargetDescription(text: text, effect: .goesOn)
    }
}

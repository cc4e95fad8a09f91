// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Sets the connection's mark, or copies it (`struct xt_connmark_tginfo2`, linux/netfilter/xt_connmark.h).
enum ConnectionMarkTarget: DescribedTarget {
    static let signature = ExtensionSignature("CONNMARK", revision: 2, dataLength: 16)

    private static let connectionMark = Member<UInt32>(at: 0)
    private static let connectionMask = Member<UInt32>(at: 4)
    private static let packetMask = Member<UInt32>(at: 8)
    private static let shiftsRight = Member<UInt8>(at: 12)
    private static let shift = Member<UInt8>(at: 13)

    static func describe(_ data: ExtensionData) -> TargetDescription? {
        guard let shiftsRight = data.flag(shiftsRight),
            var description = describe(data, mode: data[Member<UInt8>(at: 14)])
        else { return nil }
        if data[shift] != 0 {
            description.text.add(shiftsRight ? "--right-shift-mark" : "--left-shift-mark", data[shift])
        }
        return description
    }

    /// Without shifts (`struct xt_connmark_tginfo1`).
    enum Revision1: DescribedTarget {
        static let signature = ExtensionSignature("CONNMARK", revision: 1, dataLength: 16)

        static func describe(_ data: ExtensionData) -> TargetDescription? {
            ConnectionMarkTarget.describe(data, mode: data[Member<UInt8>(at: 12)])
        }
    }

    private static func describe(_ data: ExtensionData, mode: UInt8) -> TargetDescription? {
        let connectionMask = SaveWords.hexadecimal(data[connectionMask])
        let packetMask = SaveWords.hexadecimal(data[packetMask])
        var text: SaveWords = "CONNMARK"
        switch mode {
        case 0:  // XT_CONNMARK_SET
            text.add("--set-xmark", "\(SaveWords.hexadecimal(data[connectionMark]))/\(connectionMask)")
            return TargetDescription(text: text, effect: .goesOn)
        case 1:  // XT_CONNMARK_SAVE
            text.add("--save-mark --nfmask \(packetMask) --ctmask \(connectionMask)")
            return TargetDescription(text: text, effect: .goesOn)
        case 2:  // XT_CONNMARK_RESTORE
            text.add("--restore-mark --nfmask \(packetMask) --ctmask \(connectionMask)")
            return TargetDescription(text: text, effect: .changesMark)
        default:
            return nil
        }
    }
}

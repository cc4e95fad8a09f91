// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Sets the class for traffic control (`struct xt_classify_target_info`, linux/netfilter/xt_CLASSIFY.h).
enum ClassifyTarget: DescribedTarget {
    static let signature = ExtensionSignature("CLASSIFY", revision: 0, dataLength: 8)

    private static let priority = Member<UInt32>(at: 0)

    static func describe(_ data: ExtensionData) -> TargetDescription? {
        let (major, minor) = (data[priority] >> 16, data[priority] & 0xffff)
        var text: SaveWords = "CLASSIFY"
        text.add("--set-class", "\(SaveWords.hexadecimalDigits(major, 4)):\(SaveWords.hexadecimalDigits(minor, 4))")
        return TargetDescription(text: text, effect: .goesOn)
    }
}

/// A record for the audit system (`struct xt_audit_info`, linux/netfilter/xt_AUDIT.h).
enum AuditTarget: DescribedTarget {
    static let signature = ExtensionSignature("AUDIT", revision: 0, dataLength: 8)

    private static let type = Member<UInt8>(at: 0)

    /// `XT_AUDIT_TYPE_*`.
    private static let names: [UInt8: String] = [0: "accept", 1: "drop", 2: "reject"]

    static func describe(_ data: ExtensionData) -> TargetDescription? {
        guard let name = names[data[type]] else { return nil }
        var text: SaveWords = "AUDIT"
        text.add("--type", name)
        return TargetDescription(text: text, effect: .goesOn)
    }
}

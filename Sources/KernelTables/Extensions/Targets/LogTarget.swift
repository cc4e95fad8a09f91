// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A line in the kernel's log (`struct xt_log_info`, linux/netfilter/xt_LOG.h).
enum LogTarget: DescribedTarget {
    static let signature = ExtensionSignature("LOG", revision: 0, dataLength: 32)

    private static let level = Member<UInt8>(at: 0)
    private static let flags = Member<UInt8>(at: 1)
    private static let prefix = MemberBytes(at: 2, length: 30)

    /// What iptables-save does not print (`LOG_WARNING`).
    private static let defaultLevel: UInt8 = 4

    /// `XT_LOG_*`.
    private static let options: [(flag: UInt8, option: String)] = [
        (0x01, "--log-tcp-sequence"), (0x02, "--log-tcp-options"), (0x04, "--log-ip-options"), (0x08, "--log-uid"),
        (0x20, "--log-macdecode"),
    ]

    static func describe(_ data: ExtensionData) -> TargetDescription? {
        guard let prefix = data.text(prefix) else { return nil }
        var text: SaveWords = "LOG"
        if !prefix.isEmpty { text.add("--log-prefix", prefix.saveQuoted) }
        if data[level] != defaultLevel { text.add("--log-level", data[level]) }
        var rest = data[flags]
        for option in options where rest & option.flag != 0 {
            text.add(option.option)
            rest &= ~option.flag
        }
        return rest == 0 ? TargetDescription(text: text, effect: .goesOn) : nil
    }
}

/// The packet for a program that logs (`struct xt_nflog_info`, linux/netfilter/xt_NFLOG.h).
enum NetfilterLogTarget: DescribedTarget {
    static let signature = ExtensionSignature("NFLOG", revision: 0, dataLength: 80)

    private static let length = Member<UInt32>(at: 0)
    private static let group = Member<UInt16>(at: 4)
    private static let threshold = Member<UInt16>(at: 6)
    private static let flags = Member<UInt16>(at: 8)
    private static let prefix = MemberBytes(at: 12, length: 64)

    static func describe(_ data: ExtensionData) -> TargetDescription? {
        // `XT_NFLOG_F_COPY_LEN` is the only flag.
        guard let copiesLength = data.flag(flags), let prefix = data.text(prefix) else { return nil }
        var text: SaveWords = "NFLOG"
        if !prefix.isEmpty { text.add("--nflog-prefix", prefix.saveQuoted) }
        if data[group] != 0 { text.add("--nflog-group", data[group]) }
        if copiesLength {
            text.add("--nflog-size", data[length])
        } else if data[length] != 0 {
            text.add("--nflog-range", data[length])
        }
        if data[threshold] != 0 { text.add("--nflog-threshold", data[threshold]) }
        return TargetDescription(text: text, effect: .goesOn)
    }
}

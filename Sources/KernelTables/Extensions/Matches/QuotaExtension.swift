// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A number of bytes, which the kernel counts down elsewhere (`struct xt_quota_info`, linux/netfilter/xt_quota.h).
enum QuotaExtension: DescribedMatch {
    static let signature = ExtensionSignature("quota", revision: 0, dataLength: 24)

    private static let invert = Member<UInt32>(at: 0)
    private static let quota = Member<UInt64>(at: 8)

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        guard let isInverted = data.flag(invert) else { return nil }
        var match = MatchDescription("quota", .undecidable)
        match.text.add("--quota", data[quota], isInverted: isInverted)
        return match
    }
}

/// The processor that handles the packet (`struct xt_cpu_info`, linux/netfilter/xt_cpu.h).
enum ProcessorExtension: DescribedMatch {
    static let signature = ExtensionSignature("cpu", revision: 0, dataLength: 8)

    private static let processor = Member<UInt32>(at: 0)
    private static let invert = Member<UInt32>(at: 4)

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        guard let isInverted = data.flag(invert) else { return nil }
        var match = MatchDescription("cpu", .undecidable)
        match.text.add("--cpu", data[processor], isInverted: isInverted)
        return match
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The conntrack helper that expects the connection (`struct xt_helper_info`, linux/netfilter/xt_helper.h).
enum HelperExtension: DescribedMatch {
    static let signature = ExtensionSignature("helper", revision: 0, dataLength: 40)

    private static let invert = Member<Int32>(at: 0)
    private static let name = MemberBytes(at: 4, length: 30)

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        guard let isInverted = data.flag(invert), let name = data.text(name) else { return nil }
        var match = MatchDescription("helper", .undecidable)
        match.text.add("--helper", name.saveQuoted, isInverted: isInverted)
        return match
    }
}

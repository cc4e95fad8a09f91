// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A rate that all packets of the rule share (`struct xt_rateinfo`, linux/netfilter/xt_limit.h).
enum LimitExtension: DescribedMatch {
    static let signature = ExtensionSignature("limit", revision: 0, dataLength: 40)

    private static let period = Member<UInt32>(at: 0)
    private static let burst = Member<UInt32>(at: 4)

    /// What iptables-save does not print (`XT_LIMIT_BURST`).
    private static let defaultBurst: UInt32 = 5
    /// Units of the period in a second (`XT_LIMIT_SCALE`).
    private static let scale: UInt64 = 10_000

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        guard let rate = PacketRate(period: UInt64(data[period]), scale: scale) else { return nil }
        var match = MatchDescription("limit", .undecidable)
        match.text.add("--limit", rate.text)
        if data[burst] != defaultBurst { match.text.add("--limit-burst", data[burst]) }
        return match
    }
}

/// Packets per second, minute, hour or day, in the unit that iptables-save chooses (`print_rate`).
struct PacketRate {
    let text: String
    /// The unit in seconds.
    let unit: UInt64

    private static let units: [(name: String, seconds: UInt64)] = [
        ("day", 86400), ("hour", 3600), ("min", 60), ("sec", 1),
    ]

    /// The rate of one packet in each period, of which a second has `scale`; `nil` for no period.
    init?(period: UInt64, scale: UInt64) {
        guard period > 0 else { return nil }
        var chosen = Self.units[0]
        for unit in Self.units.dropFirst() {
            let length = unit.seconds * scale
            if period > length || length / period < length % period { break }
            chosen = unit
        }
        text = "\(chosen.seconds * scale / period)/\(chosen.name)"
        unit = chosen.seconds
    }
}

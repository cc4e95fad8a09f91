// SPDX-License-Identifier: Apache-2.0

/// What a rule or the policy of a chain has counted.
public struct RuleCounters: Hashable, Sendable {
    /// Packets that matched.
    public var packets: UInt64
    /// Bytes of those packets.
    public var bytes: UInt64

    /// Makes counters.
    public init(packets: UInt64, bytes: UInt64) {
        self.packets = packets
        self.bytes = bytes
    }
}

extension RuleCounters {
    /// Nothing counted.
    public static let zero = RuleCounters(packets: 0, bytes: 0)

    /// Adds what another rule has counted; what exceeds 64 bits begins at zero again, as the kernel's counters do.
    public static func += (left: inout RuleCounters, right: RuleCounters) {
        left.packets &+= right.packets
        left.bytes &+= right.bytes
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Lists of recent addresses (`struct xt_recent_mtinfo_v1`, linux/netfilter/xt_recent.h).
enum RecentExtension: MatchExtension {
    static let signature = ExtensionSignature("recent", revision: 1, dataLength: 232)

    private static let seconds = Member<UInt32>(at: 0)
    private static let checkSet = Member<UInt8>(at: 8)
    private static let name = MemberBytes(at: 10, length: 200)
    private static let mask = MemberBytes(at: 212, length: 16)

    /// What of ``name`` a name of ours can take, which is no longer than a chain's, with its NUL.
    private static let ourName = MemberBytes(at: name.range.lowerBound, length: 32)

    // Flags of `check_set` (`XT_RECENT_*`).
    private static let check: UInt8 = 1 << 0
    private static let set: UInt8 = 1 << 1
    private static let reap: UInt8 = 1 << 5

    static func form(_ family: IPFamily) -> ExtensionForm {
        // When no mask is given, as kube-proxy gives none, iptables sets all 16 bytes, of which IPv4 needs four.
        let mask = mask.address(family)
        return ExtensionForm(
            userLength: mask.upperBound, constants: [.init(mask, repeating: 0xff)],
            values: [seconds.range, checkSet.range, ourName.range])
    }

    @inline(__always)
    static func encode(_ recent: RecentMatch, to arena: ByteArena) {
        switch recent.action {
        case .set:
            arena.append(UInt32(0))
            arena.append(set)
        case .check(let seconds):
            arena.append(seconds)
            arena.append(check | reap)
        }
        recent.list.withBytes { list in
            arena.append(UnsafeRawBufferPointer(list))
            arena.appendZeros(ourName.range.count - list.count)
        }
    }

    static func match(_ data: ExtensionData) -> Match? {
        guard let list = data.text(name).flatMap({ ChainName(validating: $0) }) else { return nil }
        switch data[checkSet] {
        case set: return .recent(RecentMatch(list: list, action: .set))
        case check | reap: return .recent(RecentMatch(list: list, action: .check(seconds: data[seconds])))
        default: return nil
        }
    }
}

extension RecentExtension: DescribedMatch {
    private static let hitCount = Member<UInt32>(at: 4)
    private static let invert = Member<UInt8>(at: 9)
    private static let side = Member<UInt8>(at: 210)

    private static let update: UInt8 = 1 << 2
    private static let remove: UInt8 = 1 << 3
    private static let timeToLive: UInt8 = 1 << 4

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        let flags = data[checkSet]
        guard let isInverted = data.flag(invert), let isDestination = data.flag(side), let name = data.text(name),
            flags & ~0x3f == 0, data[seconds] <= Int32.max, data[hitCount] <= Int32.max
        else { return nil }
        let actions = [(set, "--set"), (check, "--rcheck"), (update, "--update"), (remove, "--remove")]
            .filter { flags & $0.0 != 0 }.map(\.1)
        guard actions.count == 1 else { return nil }
        var match = MatchDescription("recent", .undecidable)
        match.text.add(actions[0], isInverted: isInverted)
        if data[seconds] != 0 { match.text.add("--seconds", data[seconds]) }
        if flags & reap != 0 { match.text.add("--reap") }
        if data[hitCount] != 0 { match.text.add("--hitcount", data[hitCount]) }
        if flags & timeToLive != 0 { match.text.add("--rttl") }
        match.text.add("--name", name)
        match.text.add("--mask", data.addressBits(mask).text(data.family))
        match.text.add(isDestination ? "--rdest" : "--rsource")
        return match
    }
}

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

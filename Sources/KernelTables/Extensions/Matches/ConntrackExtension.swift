import NetworkTypes
import XTables

/// What conntrack knows of the packet's connection (`struct xt_conntrack_mtinfo3`, linux/netfilter/xt_conntrack.h).
enum ConntrackExtension: MatchExtension {
    static let signature = ExtensionSignature("conntrack", revision: 3, dataLength: 168)

    private static let matchFlags = Member<UInt16>(at: 146)
    private static let invertFlags = Member<UInt16>(at: 148)
    private static let stateMask = Member<UInt16>(at: 150)
    /// The length of the struct without its padding.
    private static let length = 162

    /// Flag of a match on the state (`XT_CONNTRACK_STATE`).
    private static let state: UInt16 = 1 << 0

    static func form(_ family: IPFamily) -> ExtensionForm {
        ExtensionForm(
            userLength: length, constants: [.init(matchFlags, state)], values: [invertFlags.range, stateMask.range])
    }

    @inline(__always)
    static func encode(_ states: ConnectionStates, isInverted: Bool, to arena: ByteArena) {
        arena.append(isInverted ? state : 0)
        arena.append(mask(states))
    }

    static func match(_ data: ExtensionData) -> Match? {
        guard data[matchFlags] == state else { return nil }
        let mask = data[stateMask]
        let states = stateBits.reduce(into: ConnectionStates()) { if mask & $1.bit != 0 { $0.insert($1.state) } }
        return .conntrack(states, isInverted: data[invertFlags] & state != 0)
    }

    /// Each state and its bit in `state_mask` (`XT_CONNTRACK_STATE_BIT`, `XT_CONNTRACK_STATE_…`).
    private static let stateBits: [(state: ConnectionStates, bit: UInt16)] = [
        (.invalid, 1 << 0), (.established, 1 << 1), (.related, 1 << 2), (.new, 1 << 3), (.sourceNAT, 1 << 6),
        (.destinationNAT, 1 << 7), (.untracked, 1 << 8),
    ]

    private static func mask(_ states: ConnectionStates) -> UInt16 {
        stateBits.reduce(0) { states.contains($1.state) ? $0 | $1.bit : $0 }
    }
}

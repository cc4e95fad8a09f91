// SPDX-License-Identifier: Apache-2.0

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
        guard data[matchFlags] == state else { return OriginalDestinationExtension.match(data) }
        return .conntrack(states(data[stateMask]), isInverted: data[invertFlags] & state != 0)
    }

    /// The states whose bits are set.
    static func states(_ mask: UInt16) -> ConnectionStates {
        stateBits.reduce(into: ConnectionStates()) { if mask & $1.bit != 0 { $0.insert($1.state) } }
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

extension ConntrackExtension: DescribedMatch {
    private static let expiresLow = Member<UInt32>(at: 128)
    private static let expiresHigh = Member<UInt32>(at: 132)
    private static let transportProtocol = Member<UInt16>(at: 136)
    private static let statusMask = Member<UInt16>(at: 152)

    // Flags of `match_flags` and `invert_flags` (`XT_CONNTRACK_*`).
    private static let protocolFlag: UInt16 = 1 << 1
    private static let statusFlag: UInt16 = 1 << 6
    private static let expiresFlag: UInt16 = 1 << 7
    private static let directionFlag: UInt16 = 1 << 12
    /// The match was written as `-m state`.
    private static let stateAlias: UInt16 = 1 << 13

    private static let addresses: [(flag: UInt16, option: String, address: MemberBytes, mask: MemberBytes)] = [
        (1 << 2, "--ctorigsrc", MemberBytes(at: 0, length: 16), MemberBytes(at: 16, length: 16)),
        (1 << 3, "--ctorigdst", MemberBytes(at: 32, length: 16), MemberBytes(at: 48, length: 16)),
        (1 << 4, "--ctreplsrc", MemberBytes(at: 64, length: 16), MemberBytes(at: 80, length: 16)),
        (1 << 5, "--ctrepldst", MemberBytes(at: 96, length: 16), MemberBytes(at: 112, length: 16)),
    ]

    /// Ports in host byte order, as revision 3 has them.
    private static let ports: [(flag: UInt16, option: String, low: Member<UInt16>, high: Member<UInt16>)] = [
        (1 << 8, "--ctorigsrcport", Member(at: 138), Member(at: 154)),
        (1 << 9, "--ctorigdstport", Member(at: 140), Member(at: 156)),
        (1 << 10, "--ctreplsrcport", Member(at: 142), Member(at: 158)),
        (1 << 11, "--ctrepldstport", Member(at: 144), Member(at: 160)),
    ]

    /// The states that `-m state` and `--ctstate` name, in the order of iptables-save.
    static let stateNames = BitNames<UInt16>([
        (1 << 0, "INVALID"), (1 << 3, "NEW"), (1 << 2, "RELATED"), (1 << 1, "ESTABLISHED"), (1 << 8, "UNTRACKED"),
        (1 << 6, "SNAT"), (1 << 7, "DNAT"),
    ])

    /// `enum ip_conntrack_status`, as far as iptables knows it.
    private static let statusNames = BitNames<UInt16>([
        (1 << 0, "EXPECTED"), (1 << 1, "SEEN_REPLY"), (1 << 2, "ASSURED"), (1 << 3, "CONFIRMED"),
    ])

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        let (flags, inverse) = (data[matchFlags], data[invertFlags])
        guard (flags | inverse) & ~0x3fff == 0, inverse & ~flags == 0 else { return nil }
        let isAlias = flags & stateAlias != 0
        // iptables-save prints the states only.
        if isAlias, flags != stateAlias | state { return nil }
        var match = MatchDescription(isAlias ? "state" : "conntrack")
        if flags & state != 0 {
            guard let names = stateNames.text(data[stateMask]) else { return nil }
            let isInverted = inverse & state != 0
            match.text.add(isAlias ? "--state" : "--ctstate", names, isInverted: isInverted)
            match.conditions.all.append(.connectionStates(states(data[stateMask]), isInverted: isInverted))
        }
        // What else is asked for is known to the connection only.
        match.conditions.isComplete = flags & ~(state | stateAlias) == 0
        return addRest(flags, inverse, data, to: &match) ? match : nil
    }

    /// Adds what is printed behind the states; answers whether it is understood.
    private static func addRest(
        _ flags: UInt16, _ inverse: UInt16, _ data: ExtensionData, to match: inout MatchDescription
    ) -> Bool {
        if flags & protocolFlag != 0 {
            match.text.add("--ctproto", data[transportProtocol], isInverted: inverse & protocolFlag != 0)
        }
        for item in addresses where flags & item.flag != 0 {
            let address = SaveWords.address(
                data.addressBits(item.address), mask: data.addressBits(item.mask), family: data.family)
            match.text.add(item.option, address, isInverted: inverse & item.flag != 0)
        }
        for item in ports where flags & item.flag != 0 {
            guard data[item.low] <= data[item.high] else { return false }
            match.text.add(item.option, data[item.low]...data[item.high], isInverted: inverse & item.flag != 0)
        }
        if flags & statusFlag != 0 {
            guard let names = data[statusMask] == 0 ? "NONE" : statusNames.text(data[statusMask]) else { return false }
            match.text.add("--ctstatus", names, isInverted: inverse & statusFlag != 0)
        }
        if flags & expiresFlag != 0 {
            guard data[expiresLow] <= data[expiresHigh] else { return false }
            match.text.add("--ctexpire", data[expiresLow]...data[expiresHigh], isInverted: inverse & expiresFlag != 0)
        }
        if flags & directionFlag != 0 {
            match.text.add("--ctdir", inverse & directionFlag != 0 ? "REPLY" : "ORIGINAL")
        }
        return true
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The header and the chunks of an SCTP packet (`struct xt_sctp_info`, linux/netfilter/xt_sctp.h).
enum SCTPExtension: MatchExtension {
    static let signature = ExtensionSignature("sctp", revision: 0, dataLength: 296)

    static let destinationPorts = MemberRange(at: 0)
    static let sourcePorts = MemberRange(at: 4)
    /// `flag_info`: four times chunk type, flags, mask of flags; a chunk type of -1 is none.
    private static let flagInfo = MemberBytes(at: 268, length: flagInfoCount * flagInfoLength)
    private static let flagInfoCount = 4
    private static let flagInfoLength = 3
    private static let flags = Member<UInt32>(at: 284)
    private static let inverseFlags = Member<UInt32>(at: 288)

    /// Flag of a match on destination ports (`XT_SCTP_DEST_PORTS`).
    private static let destinationPortsFlag: UInt32 = 1 << 1

    static func form(_ family: IPFamily) -> ExtensionForm {
        let chunkTypes = (0..<flagInfoCount).map { Member<UInt8>(at: flagInfo.range.lowerBound + $0 * flagInfoLength) }
        return ExtensionForm(
            userLength: inverseFlags.range.upperBound, constants: chunkTypes.map { .init($0, .max) },
            values: [destinationPorts.range, flags.range])
    }

    @inline(__always)
    static func encode(destinationPorts ports: ClosedRange<UInt16>?, to arena: ByteArena) {
        // Unlike TCP and UDP, with a flag for whether the ports are looked at at all.
        arena.append(ports?.lowerBound ?? 0)
        arena.append(ports?.upperBound ?? 0)
        arena.append(ports == nil ? 0 : destinationPortsFlag)
    }

    static func match(_ data: ExtensionData) -> Match? {
        if data[flags] == 0 { return .transport(.sctp) }
        let (low, high) = (data[destinationPorts.low], data[destinationPorts.high])
        if low == high { return .transport(.sctp, destinationPort: low) }
        return low < high ? .ports(.sctp, low...high) : nil
    }
}

extension SCTPExtension: DescribedMatch {
    /// `chunkmap`: a bit for each type of chunk, and room that no type needs.
    private static let chunkMap = MemberBytes(at: 8, length: 256)
    private static let chunkMatchType = Member<UInt32>(at: 264)
    private static let flagCount = Member<UInt32>(at: 280)

    // Flags of `flags` and `invflags` (`XT_SCTP_*`).
    private static let sourcePortsFlag: UInt32 = 1 << 0
    private static let chunkTypesFlag: UInt32 = 1 << 2

    /// How many of the chunk types must be met (`SCTP_CHUNK_MATCH_*`).
    private static let matchTypeNames: [UInt32: String] = [1: "any", 2: "all", 4: "only"]

    /// The chunk types that iptables has names for.
    private static let chunkNames: [Int: String] = [
        0: "DATA", 1: "INIT", 2: "INIT_ACK", 3: "SACK", 4: "HEARTBEAT", 5: "HEARTBEAT_ACK", 6: "ABORT", 7: "SHUTDOWN",
        8: "SHUTDOWN_ACK", 9: "ERROR", 10: "COOKIE_ECHO", 11: "COOKIE_ACK", 12: "ECN_ECNE", 13: "ECN_CWR",
        14: "SHUTDOWN_COMPLETE", 64: "I_DATA", 128: "ASCONF_ACK", 130: "RE_CONFIG", 132: "PAD", 192: "FORWARD_TSN",
        193: "ASCONF", 194: "I_FORWARD_TSN",
    ]

    /// The letters of a chunk's flags, the highest bit first.
    private static let flagLetters: [UInt8: String] = [0: "----IUBE", 6: "-------T", 14: "-------T"]

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        let (flags, inverse) = (data[flags], data[inverseFlags])
        guard (flags | inverse) & ~0x7 == 0, inverse & ~flags == 0 else { return nil }
        var match = MatchDescription("sctp")
        for (flag, side, ports) in [
            (sourcePortsFlag, PortSide.source, sourcePorts), (destinationPortsFlag, .destination, destinationPorts),
        ] where flags & flag != 0 {
            guard let ports = data[ports] else { return nil }
            let isInverted = inverse & flag != 0
            match.text.add(side == .source ? "--sport" : "--dport", ports, isInverted: isInverted)
            match.conditions.all.append(.ports(side, [ports], isInverted: isInverted))
        }
        if flags & chunkTypesFlag != 0 {
            guard let type = matchTypeNames[data[chunkMatchType]], let chunks = chunks(data) else { return nil }
            match.text.add("--chunk-types", "\(type) \(chunks)", isInverted: inverse & chunkTypesFlag != 0)
            match.conditions.isComplete = false
        }
        return match
    }

    private static func chunks(_ data: ExtensionData) -> String? {
        let map = data[chunkMap]
        if map.allSatisfy({ $0 == 0 }) { return data[flagCount] == 0 ? "NONE" : nil }
        if map.allSatisfy({ $0 == 0xff }) { return data[flagCount] == 0 ? "ALL" : nil }
        guard data[flagCount] <= flagInfoCount else { return nil }
        var words: [String] = []
        for type in 0..<256 where map[type / 8] & (UInt8(1) << UInt8(type % 8)) != 0 {
            guard let name = chunkNames[type], let flags = flagText(data, ofChunk: UInt8(type)) else { return nil }
            words.append(name + flags)
        }
        return words.joined(separator: ",")
    }

    /// What is asked of the flags of a chunk: `:` and a letter for each, in lower case if it must not be set.
    private static func flagText(_ data: ExtensionData, ofChunk type: UInt8) -> String? {
        let info = data[flagInfo]
        var text = ""
        for index in 0..<Int(data[flagCount]) where info[index * flagInfoLength] == type {
            let flags: UInt8 = info[index * flagInfoLength + 1]
            let mask: UInt8 = info[index * flagInfoLength + 2]
            guard mask != 0 else { continue }
            guard let letters = flagLetters[type] else { return nil }
            text += ":"
            for (place, letter) in letters.enumerated() {
                let bit = UInt8(0x80) >> UInt8(place)
                guard mask & bit != 0 else { continue }
                text += flags & bit != 0 ? String(letter) : letter.lowercased()
            }
        }
        return text
    }
}

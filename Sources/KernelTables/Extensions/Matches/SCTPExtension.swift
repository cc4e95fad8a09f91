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
    static func encode(destinationPort port: UInt16?, to arena: ByteArena) {
        // Unlike TCP and UDP, with a flag for whether the ports are looked at at all.
        arena.append(port ?? 0)
        arena.append(port ?? 0)
        arena.append(port == nil ? 0 : destinationPortsFlag)
    }

    static func match(_ data: ExtensionData) -> Match? {
        if data[flags] == 0 { return .transport(.sctp) }
        let (low, high) = (data[destinationPorts.low], data[destinationPorts.high])
        return low == high ? .transport(.sctp, destinationPort: low) : nil
    }
}

import NetworkTypes
import XTables

/// How the routing table classifies an address (`struct xt_addrtype_info_v1`, linux/netfilter/xt_addrtype.h).
enum AddressTypeExtension: MatchExtension {
    static let signature = ExtensionSignature("addrtype", revision: 1, dataLength: 8)

    private static let source = Member<UInt16>(at: 0)
    private static let destination = Member<UInt16>(at: 2)
    private static let flags = Member<UInt32>(at: 4)

    /// The type of an address of this host (`XT_ADDRTYPE_LOCAL`).
    private static let local: UInt16 = 1 << 2

    static func form(_ family: IPFamily) -> ExtensionForm {
        ExtensionForm(userLength: flags.range.upperBound, values: [source.range, destination.range])
    }

    @inline(__always)
    static func encode(local side: AddressSide, to arena: ByteArena) {
        arena.append(side == .source ? local : 0)
        arena.append(side == .destination ? local : 0)
    }

    static func match(_ data: ExtensionData) -> Match? {
        switch (data[source], data[destination]) {
        case (local, 0): .localAddress(.source)
        case (0, local): .localAddress(.destination)
        default: nil
        }
    }
}

import NetworkTypes
import XTables

/// Gives the packet another destination (`struct nf_nat_range2`, revision 2).
enum DNATTarget: TargetExtension {
    static let signature = ExtensionSignature("DNAT", revision: 2, dataLength: NATRange.Range2.dataLength)

    private typealias Range = NATRange.Range2

    static func form(_ family: IPFamily) -> ExtensionForm {
        ExtensionForm(
            userLength: Range.length,
            constants: [.init(Range.flags, NATRange.mapsAddresses | NATRange.mapsPorts)],
            values: [
                Range.minimumAddress.address(family), Range.maximumAddress.address(family), Range.ports.range,
            ])
    }

    @inline(__always)
    static func encode(
        _ address: IPAddress, port: UInt16, family: IPFamily, to arena: ByteArena
    ) throws(UnencodableValue) {
        guard address.family == family else { throw .otherFamily }
        arena.append(address, family: family)
        arena.append(address, family: family)
        arena.append(port.bigEndian)
        arena.append(port.bigEndian)
    }

    static func target(_ data: ExtensionData) -> Target? {
        destination(data).map { .destinationNAT($0.address, port: $0.port) }
    }

    /// The first address and port of the range.
    static func destination(_ data: ExtensionData) -> (address: IPAddress, port: UInt16)? {
        data.address(Range.minimumAddress).map { ($0, UInt16(bigEndian: data[Range.ports.low])) }
    }
}

import NetworkTypes
import XTables

/// The head of an entry, read: addresses, interfaces, protocol, flags.
struct EntryHead {
    /// What the head means, as far as our language has words for it.
    private(set) var rule = Rule()
    /// The name of the output interface; empty if any will do.
    let outputInterface: String
    /// The protocol's number; 0 for any.
    let protocolNumber: UInt16
    let inverseFlags: UInt8
    let isGoto: Bool
    /// Whether ``rule`` means all that the head means.
    private(set) var isExpressible = true

    init?(_ bytes: UnsafeRawBufferPointer, family: IPFamily) {
        let format = EntryFormat.of(family)
        guard bytes.count >= format.headerLength else { return nil }
        inverseFlags = bytes[format.inverseFlagsOffset]
        isGoto = bytes[format.flagsOffset] & format.gotoFlag != 0
        protocolNumber = bytes.loadUnaligned(fromByteOffset: format.protocolOffset, as: UInt16.self)
        let nameLength = EntryFormat.interfaceNameLength
        outputInterface = Self.text(bytes, at: format.interfaceOffset + nameLength)

        let length = format.addressLength
        let source = Self.range(bytes, at: 0, mask: length * 2, family: family)
        let destination = Self.range(bytes, at: length, mask: length * 3, family: family)
        if let source, !source.isEverything || inverseFlags & EntryFormat.invertsSource != 0 {
            rule.source = AddressMatch(source, isInverted: inverseFlags & EntryFormat.invertsSource != 0)
        }
        if let destination, !destination.isEverything || inverseFlags & EntryFormat.invertsDestination != 0 {
            rule.destination = AddressMatch(
                destination, isInverted: inverseFlags & EntryFormat.invertsDestination != 0)
        }
        rule.inputInterface = Self.interface(
            bytes, format: format, isInverted: inverseFlags & EntryFormat.invertsInputInterface != 0)
        rule.transport = TransportProtocol.allCases.first { UInt16($0.number) == protocolNumber }
        let known = EntryFormat.invertsSource | EntryFormat.invertsDestination | EntryFormat.invertsInputInterface
        isExpressible =
            source != nil && destination != nil && outputInterface.isEmpty && !isGoto && inverseFlags & ~known == 0
            && (protocolNumber == 0) == (rule.transport == nil)
    }

    private static func interface(
        _ bytes: UnsafeRawBufferPointer, format: EntryFormat, isInverted: Bool
    ) -> InterfaceMatch? {
        let name = text(bytes, at: format.interfaceOffset)
        guard !name.isEmpty else { return nil }
        let mask = bytes[format.interfaceMaskOffset..<(format.interfaceMaskOffset + EntryFormat.interfaceNameLength)]
        let significant = mask.prefix { $0 != 0 }.count
        if significant > name.utf8.count { return InterfaceMatch(name, isInverted: isInverted) }
        let beginning = String(decoding: name.utf8.prefix(significant), as: UTF8.self)
        return InterfaceMatch(beginning, isWildcard: true, isInverted: isInverted)
    }

    private static func text(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> String {
        let room = bytes[offset..<(offset + EntryFormat.interfaceNameLength)]
        return String(decoding: room.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func range(
        _ bytes: UnsafeRawBufferPointer, at offset: Int, mask: Int, family: IPFamily
    ) -> CIDR? {
        guard let address = bytes.address(at: offset, family: family) else { return nil }
        let length = EntryFormat.of(family).addressLength
        // A mask with holes is cut at the first one; that the result is not the entry shows when it is encoded again.
        let mask = bytes[mask..<(mask + length)]
        let full = mask.prefix { $0 == 0xff }.count
        let rest = full < length ? (~mask[mask.startIndex + full]).leadingZeroBitCount : 0
        return CIDR(address, prefixLength: full * 8 + rest)
    }
}

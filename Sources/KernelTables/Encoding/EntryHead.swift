import NetworkTypes
import XTables

/// The head of an entry, read: addresses, interfaces, protocol, flags.
struct EntryHead {
    /// What the head says, as far as our language has words for it.
    private(set) var rule = Rule()
    /// The name of the output interface; empty if any will do.
    let outputInterface: String
    /// The protocol's number; 0 for any.
    let protocolNumber: UInt16
    let inverseFlags: UInt8
    let isGoto: Bool
    /// Whether ``rule`` says all that the head says.
    private(set) var isExpressible = true

    init?(_ bytes: UnsafeRawBufferPointer, family: IPFamily) {
        let layout = EntryLayout.of(family)
        guard bytes.count >= layout.headerLength else { return nil }
        inverseFlags = bytes[layout.inverseFlagsOffset]
        isGoto = bytes[layout.flagsOffset] & layout.gotoFlag != 0
        protocolNumber = bytes.loadUnaligned(fromByteOffset: layout.protocolOffset, as: UInt16.self)
        let nameLength = EntryLayout.interfaceNameLength
        outputInterface = Self.text(bytes, at: layout.interfaceOffset + nameLength)

        let length = layout.addressLength
        let source = Self.range(bytes, at: 0, mask: length * 2, family: family)
        let destination = Self.range(bytes, at: length, mask: length * 3, family: family)
        if let source, !source.isEverything || inverseFlags & EntryLayout.invertsSource != 0 {
            rule.source = AddressMatch(source, isInverted: inverseFlags & EntryLayout.invertsSource != 0)
        }
        if let destination, !destination.isEverything || inverseFlags & EntryLayout.invertsDestination != 0 {
            rule.destination = AddressMatch(
                destination, isInverted: inverseFlags & EntryLayout.invertsDestination != 0)
        }
        rule.inputInterface = Self.interface(
            bytes, layout: layout, isInverted: inverseFlags & EntryLayout.invertsInputInterface != 0)
        rule.transport = TransportProtocol.allCases.first { UInt16($0.number) == protocolNumber }
        let known = EntryLayout.invertsSource | EntryLayout.invertsDestination | EntryLayout.invertsInputInterface
        isExpressible =
            source != nil && destination != nil && outputInterface.isEmpty && !isGoto && inverseFlags & ~known == 0
            && (protocolNumber == 0) == (rule.transport == nil)
    }

    private static func interface(
        _ bytes: UnsafeRawBufferPointer, layout: EntryLayout, isInverted: Bool
    ) -> InterfaceMatch? {
        let name = text(bytes, at: layout.interfaceOffset)
        guard !name.isEmpty else { return nil }
        let mask = bytes[layout.interfaceMaskOffset..<(layout.interfaceMaskOffset + EntryLayout.interfaceNameLength)]
        let significant = mask.prefix { $0 != 0 }.count
        if significant > name.utf8.count { return InterfaceMatch(name, isInverted: isInverted) }
        let beginning = String(decoding: name.utf8.prefix(significant), as: UTF8.self)
        return InterfaceMatch(beginning, isWildcard: true, isInverted: isInverted)
    }

    private static func text(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> String {
        let room = bytes[offset..<(offset + EntryLayout.interfaceNameLength)]
        return String(decoding: room.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func range(
        _ bytes: UnsafeRawBufferPointer, at offset: Int, mask: Int, family: IPFamily
    ) -> CIDR? {
        guard let address = address(bytes, at: offset, family: family) else { return nil }
        let length = EntryLayout.of(family).addressLength
        // A mask with holes is cut at the first one; that the result is not the entry shows when it is encoded again.
        let mask = bytes[mask..<(mask + length)]
        let full = mask.prefix { $0 == 0xff }.count
        let rest = full < length ? (~mask[mask.startIndex + full]).leadingZeroBitCount : 0
        return CIDR(address, prefixLength: full * 8 + rest)
    }

    /// The address at an offset; `nil` for an IPv6 address that maps an IPv4 one, which our language does not have.
    static func address(_ bytes: UnsafeRawBufferPointer, at offset: Int, family: IPFamily) -> IPAddress? {
        switch family {
        case .ipv4:
            return bytes.number(UInt32.self, at: offset).map { IPAddress(ipv4: UInt32(bigEndian: $0)) }
        case .ipv6:
            guard let high = bytes.number(UInt64.self, at: offset), let low = bytes.number(UInt64.self, at: offset + 8)
            else { return nil }
            let address = IPAddress(ipv6High: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
            return address.family == .ipv6 ? address : nil
        }
    }
}

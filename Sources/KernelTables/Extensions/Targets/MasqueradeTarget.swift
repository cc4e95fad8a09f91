// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Gives the packet this host's address; its data depends on the family.
enum MasqueradeTarget: TargetExtension {
    static let signature = ExtensionSignature(
        "MASQUERADE", revision: 0, ipv4: NATRange.MultiRange.dataLength, ipv6: NATRange.Range.dataLength)

    static func form(_ family: IPFamily) -> ExtensionForm {
        switch family {
        case .ipv4:
            ExtensionForm(
                userLength: NATRange.MultiRange.length, constants: [.init(NATRange.MultiRange.rangeSize, 1)],
                values: [flags(family).range])
        case .ipv6:
            ExtensionForm(userLength: NATRange.Range.dataLength, values: [flags(family).range])
        }
    }

    @inline(__always)
    static func encode(randomFully: Bool, to arena: ByteArena) {
        arena.append(randomFully ? NATRange.randomFully : 0)
    }

    static func target(_ data: ExtensionData) -> Target? {
        .masquerade(randomFully: data[flags(data.family)] & NATRange.randomFully != 0)
    }

    private static func flags(_ family: IPFamily) -> Member<UInt32> {
        switch family {
        case .ipv4: NATRange.MultiRange.flags
        case .ipv6: NATRange.Range.flags
        }
    }
}

extension MasqueradeTarget: DescribedTarget {
    static func describe(_ data: ExtensionData) -> TargetDescription? {
        let range: NATValues? =
            switch data.family {
            case .ipv4: NATValues(multiRange: data)
            case .ipv6: NATValues(range: data)
            }
        guard let range, !range.mapsAddresses else { return nil }
        return TargetDescription(
            text: range.text("MASQUERADE", option: "--to-ports"),
            effect: .translatesSource(addresses: nil, ports: range.ports))
    }
}

// SPDX-License-Identifier: Apache-2.0

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

extension DNATTarget: DescribedTarget {
    static func describe(_ data: ExtensionData) -> TargetDescription? { describe(NATValues(range2: data)) }

    /// `struct nf_nat_range`; IPv6 only, before Linux 4.18.
    enum Revision1: DescribedTarget {
        static let signature = ExtensionSignature(
            "DNAT", revision: 1, ipv4: NATRange.Range.dataLength, ipv6: NATRange.Range.dataLength)

        static func describe(_ data: ExtensionData) -> TargetDescription? {
            DNATTarget.describe(NATValues(range: data))
        }
    }

    /// `struct nf_nat_ipv4_multi_range_compat`, before Linux 4.18.
    enum Revision0: DescribedTarget {
        static let signature = ExtensionSignature(
            "DNAT", revision: 0, ipv4: NATRange.MultiRange.dataLength, ipv6: nil)

        static func describe(_ data: ExtensionData) -> TargetDescription? {
            DNATTarget.describe(NATValues(multiRange: data))
        }
    }

    private static func describe(_ range: NATValues?) -> TargetDescription? {
        guard let range else { return nil }
        let text = range.text("DNAT", option: "--to-destination")
        // Shifted ports depend on the packet, and without an address only the port changes.
        guard let addresses = range.addresses, range.basePort == nil else {
            return TargetDescription(text: text, effect: .unknown)
        }
        return TargetDescription(
            text: text, effect: .translatesDestination(addresses: addresses, ports: range.ports))
    }
}

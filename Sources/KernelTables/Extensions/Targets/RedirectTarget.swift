// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Sends the packet to this host (`struct nf_nat_ipv4_multi_range_compat`, `struct nf_nat_range`).
enum RedirectTarget: DescribedTarget {
    static let signature = ExtensionSignature(
        "REDIRECT", revision: 0, ipv4: NATRange.MultiRange.dataLength, ipv6: NATRange.Range.dataLength)

    static func describe(_ data: ExtensionData) -> TargetDescription? {
        let range = data.family == .ipv4 ? NATValues(multiRange: data) : NATValues(range: data)
        guard let range, !range.mapsAddresses else { return nil }
        return TargetDescription(
            text: range.text("REDIRECT", option: "--to-ports"),
            effect: .translatesDestination(addresses: nil, ports: range.ports))
    }
}

/// Maps a network to another one (`struct nf_nat_ipv4_multi_range_compat`, `struct nf_nat_range`).
enum NetmapTarget: DescribedTarget {
    static let signature = ExtensionSignature(
        "NETMAP", revision: 0, ipv4: NATRange.MultiRange.dataLength, ipv6: NATRange.Range.dataLength)

    static func describe(_ data: ExtensionData) -> TargetDescription? {
        let isIPv4 = data.family == .ipv4
        if isIPv4, data[NATRange.MultiRange.rangeSize] != 1 { return nil }
        guard data[isIPv4 ? NATRange.MultiRange.flags : NATRange.Range.flags] == NATRange.mapsAddresses else {
            return nil
        }
        let first = data.addressBits(
            isIPv4 ? NATRange.MultiRange.minimumAddress : NATRange.Range.minimumAddress)
        let last = data.addressBits(
            isIPv4 ? NATRange.MultiRange.maximumAddress : NATRange.Range.maximumAddress)
        let mask = AddressBits(high: ~(first.high ^ last.high), low: ~(first.low ^ last.low))
        let length = mask.prefixLength(data.family)
        var text: SaveWords = "NETMAP"
        text.add("--to", "\(first.text(data.family))/\(length.map { "\($0)" } ?? mask.text(data.family))")
        // Which address changes depends on the chain.
        return TargetDescription(text: text, effect: .unknown)
    }
}

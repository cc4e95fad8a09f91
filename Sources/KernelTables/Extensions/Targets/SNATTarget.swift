// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Gives the packet another source (`struct nf_nat_ipv4_multi_range_compat`).
enum SNATTarget: DescribedTarget {
    static let signature = ExtensionSignature("SNAT", revision: 0, ipv4: NATRange.MultiRange.dataLength, ipv6: nil)

    static func describe(_ data: ExtensionData) -> TargetDescription? { describe(NATValues(multiRange: data)) }

    /// `struct nf_nat_range`.
    enum Revision1: DescribedTarget {
        static let signature = ExtensionSignature(
            "SNAT", revision: 1, ipv4: NATRange.Range.dataLength, ipv6: NATRange.Range.dataLength)

        static func describe(_ data: ExtensionData) -> TargetDescription? {
            SNATTarget.describe(NATValues(range: data))
        }
    }

    private static func describe(_ range: NATValues?) -> TargetDescription? {
        guard let range else { return nil }
        let text = range.text("SNAT", option: "--to-source")
        guard let addresses = range.addresses else { return TargetDescription(text: text, effect: .unknown) }
        return TargetDescription(text: text, effect: .translatesSource(addresses: addresses, ports: range.ports))
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The program that lets packets match whose source address is their destination address.
///
/// iptables has no match for that. Both addresses are compared word by word.
package enum SameAddressProgram {
    package static func program(_ family: IPFamily) -> FilterProgram {
        let words = family.addressBits / 32
        let (source, destination) = addressOffsets(family)
        let comparisons = (0..<words).flatMap { word -> [FilterProgram.Instruction] in
            // Behind the four instructions for each word stand "yes" and "no".
            let toNo = UInt8((words - word - 1) * 4 + 1)
            return [
                .loadWord(at: source + UInt32(word) * 4), .copyToIndex, .loadWord(at: destination + UInt32(word) * 4),
                .skipUnlessEqual(toNo),
            ]
        }
        return FilterProgram(comparisons + [.answer(true), .answer(false)])
    }

    /// Where source and destination address stand in the IP header (RFC 791, RFC 8200).
    private static func addressOffsets(_ family: IPFamily) -> (source: UInt32, destination: UInt32) {
        switch family {
        case .ipv4: (12, 16)
        case .ipv6: (8, 24)
        }
    }
}

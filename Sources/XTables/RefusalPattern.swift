// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The tests that an answer passes which refuses a connection: flags RST and ACK without SYN, and sequence number 0.
///
/// An answer to a SYN has that number, since there is no other to begin with (RFC 9293, 3.10.7.1); a reset of an established
/// connection has another one. The tests are those of the match u32, which begins to count at the IP header (xt_u32.c).
package enum RefusalPattern {
    /// One number in the packet, and what it must be.
    package struct Test: Hashable, Sendable {
        /// What leads to the number, beginning with an offset.
        package let places: [Place]
        package let value: UInt32
    }

    /// What is done with the number so far (`enum xt_u32_ops`), and with which operand.
    package struct Place: Hashable, Sendable {
        package let operation: Operation
        package let operand: UInt32
    }

    package enum Operation: UInt8, Sendable {
        case and = 0
        case shiftRight = 2
        /// What was found is the length of a header to pass over.
        case at = 3

        var text: String {
            switch self {
            case .and: "&"
            case .shiftRight: ">>"
            case .at: "@"
            }
        }
    }

    package static func tests(_ family: IPFamily) -> [Test] {
        [test(family, at: 4, [], value: 0), test(family, at: 12, [shiftToFlags, flags], value: UInt32(resetAndACK))]
    }

    /// The tests as the option `--u32` takes and prints them.
    package static func text(_ family: IPFamily) -> String {
        tests(family).map { test in
            let places = test.places.enumerated().map { index, place in
                (index == 0 ? "" : place.operation.text) + "0x\(String(place.operand, radix: 16))"
            }
            return "\(places.joined())=0x\(String(test.value, radix: 16))"
        }.joined(separator: "&&")
    }

    // The fourth word of the TCP header: data offset, flags, window (RFC 9293, 3.1).
    private static let shiftToFlags = Place(operation: .shiftRight, operand: 16)
    private static let flags = Place(operation: .and, operand: UInt32(flagMask))
    /// SYN, RST and ACK.
    private static let flagMask: UInt8 = 0x17
    private static let resetAndACK: UInt8 = 0x14

    /// What of it the flags alone decide.
    package static let flagCondition = PacketCondition.tcpFlags(mask: flagMask, set: resetAndACK, isInverted: false)

    private static func test(_ family: IPFamily, at offset: UInt32, _ then: [Place], value: UInt32) -> Test {
        switch family {
        case .ipv4:
            // The header's length is in the first byte, in words.
            let header = [
                Place(operation: .and, operand: 0), Place(operation: .shiftRight, operand: 22),
                Place(operation: .and, operand: 0x3c), Place(operation: .at, operand: offset),
            ]
            return Test(places: header + then, value: value)
        case .ipv6:
            // No kernel puts extension headers ahead of a reset.
            return Test(places: [Place(operation: .and, operand: 40 + offset)] + then, value: value)
        }
    }
}

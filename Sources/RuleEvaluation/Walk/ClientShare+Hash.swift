// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

extension ClientShare {
    /// Whether a client is in the share, as the kernel decides it: by net/netfilter/xt_cluster.c and include/linux/jhash.h, or, for
    /// IPv6, by our program.
    func contains(_ client: IPAddress) -> Bool {
        let scaled = (UInt64(Self.hash(client, seed: seed)) * UInt64(count)) >> 32
        return (scaled == 0) != isInverted
    }

    private static func hash(_ client: IPAddress, seed: UInt32) -> UInt32 {
        switch client.family {
        case .ipv4: hash(UInt32(truncatingIfNeeded: client.low), seed)
        case .ipv6: ClientHashProgram.hash(client, seed: seed)
        }
    }

    /// Bob Jenkins' hash (lookup3) of one word, which stands in memory in network order.
    private static func hash(_ word: UInt32, _ seed: UInt32) -> UInt32 {
        let begin = 0xdead_beef &+ 4 &+ seed
        var (a, b, c) = (begin &+ word.bigEndian, begin, begin)
        finish(&a, &b, &c)
        return c
    }

    private static func finish(_ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32) {
        c = (c ^ b) &- rotated(b, 14)
        a = (a ^ c) &- rotated(c, 11)
        b = (b ^ a) &- rotated(a, 25)
        c = (c ^ b) &- rotated(b, 16)
        a = (a ^ c) &- rotated(c, 4)
        b = (b ^ a) &- rotated(a, 14)
        c = (c ^ b) &- rotated(b, 24)
    }

    private static func rotated(_ word: UInt32, _ bits: UInt32) -> UInt32 { word << bits | word >> (32 - bits) }
}

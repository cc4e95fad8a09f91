// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The range of addresses and ports that NAT chooses from (linux/netfilter/nf_nat.h), in three structs.
enum NATRange {
    // Flags (`NF_NAT_RANGE_*`).
    static let mapsAddresses: UInt32 = 1 << 0
    static let mapsPorts: UInt32 = 1 << 1
    static let random: UInt32 = 1 << 2
    static let persistent: UInt32 = 1 << 3
    static let randomFully: UInt32 = 1 << 4
    static let shiftsPorts: UInt32 = 1 << 5

    /// `struct nf_nat_ipv4_multi_range_compat`: one `nf_nat_ipv4_range` behind their number.
    enum MultiRange {
        static let dataLength = 24
        /// The length without padding.
        static let length = 20
        static let rangeSize = Member<UInt32>(at: 0)
        static let flags = Member<UInt32>(at: 4)
        static let minimumAddress = MemberBytes(at: 8, length: 4)
        static let maximumAddress = MemberBytes(at: 12, length: 4)
        /// In network byte order, as is the maximum.
        static let ports = MemberRange(at: 16)
    }

    /// `struct nf_nat_range`.
    enum Range {
        static let dataLength = 40
        static let flags = Member<UInt32>(at: 0)
        static let minimumAddress = MemberBytes(at: 4, length: 16)
        static let maximumAddress = MemberBytes(at: 20, length: 16)
        /// In network byte order, as is the maximum.
        static let ports = MemberRange(at: 36)
    }

    /// `struct nf_nat_range2`.
    enum Range2 {
        static let dataLength = 48
        /// The length without padding.
        static let length = 44
        static let flags = Member<UInt32>(at: 0)
        static let minimumAddress = MemberBytes(at: 4, length: 16)
        static let maximumAddress = MemberBytes(at: 20, length: 16)
        /// In network byte order, as is the maximum.
        static let ports = MemberRange(at: 36)
        /// `base_proto`: the port that ``ports`` are shifted from, in network byte order.
        static let basePort = Member<UInt16>(at: 40)
    }
}

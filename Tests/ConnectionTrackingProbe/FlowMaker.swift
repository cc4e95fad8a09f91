// SPDX-License-Identifier: Apache-2.0

import Cnetfilter_conntrack
import Glibc
import SystemPackage

/// Makes flows that no packet ever belonged to.
enum FlowMaker {
    private static let firstClient: UInt32 = 0xac10_0000  // 172.16.0.0
    private static let service: UInt32 = 0x0a60_000a  // 10.96.0.10
    private static let endpoint: UInt32 = 0x0af4_0105  // 10.244.1.5
    private static let port: UInt16 = 53
    private static let lifetimeInSeconds: UInt32 = 600

    /// Makes UDP flows to 10.96.0.10:53, each from another address, which 10.244.1.5 answers.
    static func fill(_ count: UInt32) throws(Errno) {
        guard let handle = nfct_open(UInt8(CONNTRACK), 0) else { throw Errno(rawValue: errno) }
        defer { nfct_close(handle) }
        for index in 0..<count {
            guard let flow = nfct_new() else { throw .noMemory }
            defer { nfct_destroy(flow) }
            describe(flow, client: firstClient + index)
            nfct_set_attr_u32(flow, ATTR_TIMEOUT, lifetimeInSeconds)
            guard nfct_query(handle, NFCT_Q_CREATE, UnsafeRawPointer(flow)) == 0 else {
                throw Errno(rawValue: errno)
            }
        }
    }

    private static func describe(_ flow: OpaquePointer, client: UInt32) {
        for (attribute, address) in [
            (ATTR_ORIG_IPV4_SRC, client), (ATTR_ORIG_IPV4_DST, service),
            (ATTR_REPL_IPV4_SRC, endpoint), (ATTR_REPL_IPV4_DST, client),
        ] {
            nfct_set_attr_u32(flow, attribute, address.bigEndian)
        }
        for attribute in [ATTR_ORIG_L3PROTO, ATTR_REPL_L3PROTO] { nfct_set_attr_u8(flow, attribute, UInt8(AF_INET)) }
        for attribute in [ATTR_ORIG_L4PROTO, ATTR_REPL_L4PROTO] {
            nfct_set_attr_u8(flow, attribute, UInt8(IPPROTO_UDP))
        }
        for attribute in [ATTR_ORIG_PORT_SRC, ATTR_ORIG_PORT_DST, ATTR_REPL_PORT_SRC, ATTR_REPL_PORT_DST] {
            nfct_set_attr_u16(flow, attribute, port.bigEndian)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Cnetfilter_conntrack
import Glibc
import NetworkTypes

/// The library's object for a flow (`struct nf_conntrack`), whose layout only the library knows.
typealias FlowObject = OpaquePointer

extension IPFamily {
    /// The number that netlink has for the family.
    var number: UInt8 {
        switch self {
        case .ipv4: UInt8(AF_INET)
        case .ipv6: UInt8(AF_INET6)
        }
    }

    /// The family that netlink has a number for; `nil` for others.
    init?(number: UInt8) {
        switch Int32(number) {
        case AF_INET: self = .ipv4
        case AF_INET6: self = .ipv6
        default: return nil
        }
    }
}

/// Where the library keeps one direction of a flow.
private struct DirectionAttributes {
    let ipv4: (source: nf_conntrack_attr, destination: nf_conntrack_attr)
    let ipv6: (source: nf_conntrack_attr, destination: nf_conntrack_attr)
    let port: (source: nf_conntrack_attr, destination: nf_conntrack_attr)

    static let original = DirectionAttributes(
        ipv4: (ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV4_DST), ipv6: (ATTR_ORIG_IPV6_SRC, ATTR_ORIG_IPV6_DST),
        port: (ATTR_ORIG_PORT_SRC, ATTR_ORIG_PORT_DST))
    static let reply = DirectionAttributes(
        ipv4: (ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV4_DST), ipv6: (ATTR_REPL_IPV6_SRC, ATTR_REPL_IPV6_DST),
        port: (ATTR_REPL_PORT_SRC, ATTR_REPL_PORT_DST))

    func address(_ family: IPFamily) -> (source: nf_conntrack_attr, destination: nf_conntrack_attr) {
        switch family {
        case .ipv4: ipv4
        case .ipv6: ipv6
        }
    }
}

extension Flow {
    /// Copies a flow out of the library's object; `nil` if something is missing that every flow has.
    init?(_ object: FlowObject, _ family: IPFamily, _ transport: TransportProtocol) {
        guard let original = Direction(object, family, .original), let reply = Direction(object, family, .reply) else {
            return nil
        }
        // Attributes that are not set read as 0.
        self.init(
            transport, original: original, reply: reply, zone: FlowZone(object),
            identifier: nfct_get_attr_u32(object, ATTR_ID),
            isUnansweredConnection: transport == .tcp && Self.isUnansweredConnection(object))
    }

    /// Whether a TCP connection is one of which only a SYN has been seen; quick, for most are not.
    static func isUnansweredConnection(_ object: FlowObject) -> Bool {
        nfct_get_attr_u8(object, ATTR_TCP_STATE) == synSent && !hasReply(object)
    }

    /// Whether a TCP connection, which is over, is one of which only a SYN has been seen, and a reset that answered it.
    static func isRefusedConnection(_ object: FlowObject) -> Bool {
        nfct_get_attr_u8(object, ATTR_TCP_STATE) == closed && !hasReply(object)
    }

    /// Whether packets of the other side have been seen; a reset that answers a SYN does not count.
    static func hasReply(_ object: FlowObject) -> Bool {
        nfct_get_attr_u32(object, ATTR_STATUS) & seenReply != 0
    }

    /// `TCP_CONNTRACK_SYN_SENT` (include/uapi/linux/netfilter/nf_conntrack_tcp.h), and two further states of the same list.
    static let synSent: UInt8 = 1
    static let synReceived: UInt8 = 2
    static let closed: UInt8 = 8
    /// `IPS_SEEN_REPLY` (include/uapi/linux/netfilter/nf_conntrack_common.h).
    private static let seenReply: UInt32 = 1 << 1

    /// Writes what the kernel finds a flow by into the library's object: the original direction and its zone.
    func writeKey(to object: FlowObject) {
        nfct_set_attr_u8(object, ATTR_L3PROTO, family.number)
        nfct_set_attr_u8(object, ATTR_L4PROTO, transport.number)
        original.write(to: object, .original)
        zone.write(to: object)
    }
}

extension FlowZone {
    fileprivate init(_ object: FlowObject) {
        func number(_ attribute: nf_conntrack_attr) -> UInt16? {
            nfct_attr_is_set(object, attribute) > 0 ? nfct_get_attr_u16(object, attribute) : nil
        }
        if let number = number(ATTR_ORIG_ZONE) {
            self = .original(number)
        } else if let number = number(ATTR_REPL_ZONE) {
            self = .reply(number)
        } else {
            self = .both(number(ATTR_ZONE) ?? 0)
        }
    }

    /// In the original direction, by which the kernel finds the flow, a zone of replies is no zone.
    fileprivate func write(to object: FlowObject) {
        switch self {
        case .none, .reply: break
        case .both(let number): nfct_set_attr_u16(object, ATTR_ZONE, number)
        case .original(let number): nfct_set_attr_u16(object, ATTR_ORIG_ZONE, number)
        }
    }
}

extension Flow.Direction {
    fileprivate init?(_ object: FlowObject, _ family: IPFamily, _ attributes: DirectionAttributes) {
        let address = attributes.address(family)
        guard let source = IPAddress(object, family, address.source),
            let destination = IPAddress(object, family, address.destination)
        else { return nil }
        func port(_ attribute: nf_conntrack_attr) -> UInt16 { UInt16(bigEndian: nfct_get_attr_u16(object, attribute)) }
        self.init(
            from: AddressPort(source, port(attributes.port.source)),
            to: AddressPort(destination, port(attributes.port.destination)))
    }

    fileprivate func write(to object: FlowObject, _ attributes: DirectionAttributes) {
        let address = attributes.address(source.address.family)
        source.address.write(to: object, address.source)
        destination.address.write(to: object, address.destination)
        nfct_set_attr_u16(object, attributes.port.source, source.port.bigEndian)
        nfct_set_attr_u16(object, attributes.port.destination, destination.port.bigEndian)
    }
}

extension IPAddress {
    fileprivate init?(_ object: FlowObject, _ family: IPFamily, _ attribute: nf_conntrack_attr) {
        guard let bytes = nfct_get_attr(object, attribute) else { return nil }
        switch family {
        case .ipv4:
            self.init(ipv4: UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self)))
        case .ipv6:
            self.init(
                ipv6High: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
            // A mapped address became IPv4; no Service has such flows.
            guard self.family == .ipv6 else { return nil }
        }
    }

    fileprivate func write(to object: FlowObject, _ attribute: nf_conntrack_attr) {
        switch family {
        case .ipv4:
            nfct_set_attr_u32(object, attribute, UInt32(truncatingIfNeeded: low).bigEndian)
        case .ipv6:
            withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { bytes in
                nfct_set_attr(object, attribute, bytes.baseAddress)
            }
        }
    }
}

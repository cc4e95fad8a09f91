// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// The header of a TCP segment (`struct xt_tcp`, linux/netfilter/xt_tcpudp.h).
enum TCPExtension: MatchExtension {
    static let signature = ExtensionSignature("tcp", revision: 0, dataLength: 16)

    static let sourcePorts = MemberRange(at: 0)
    static let destinationPorts = MemberRange(at: 4)
    private static let inverseFlags = Member<UInt8>(at: 11)

    static func form(_ family: IPFamily) -> ExtensionForm {
        ExtensionForm(
            userLength: inverseFlags.range.upperBound, constants: [.init(sourcePorts.high, .max)],
            values: [destinationPorts.range])
    }

    @inline(__always)
    static func encode(destinationPorts ports: ClosedRange<UInt16>, to arena: ByteArena) {
        arena.append(ports.lowerBound)
        arena.append(ports.upperBound)
    }

    static func match(_ data: ExtensionData) -> Match? {
        Match(.tcp, destinationPorts: data[destinationPorts])
    }
}

extension Match {
    /// A match on any port, on one or on a range of them; `nil` without ports.
    init?(_ transport: TransportProtocol, destinationPorts ports: ClosedRange<UInt16>?) {
        guard let ports else { return nil }
        if ports == 0...UInt16.max {
            self = .transport(transport)
        } else if ports.count == 1 {
            self = .transport(transport, destinationPort: ports.lowerBound)
        } else {
            self = .ports(transport, ports)
        }
    }
}

extension TCPExtension: DescribedMatch {
    private static let option = Member<UInt8>(at: 8)
    private static let flagMask = Member<UInt8>(at: 9)
    private static let flags = Member<UInt8>(at: 10)

    // Inverse flags (`XT_TCP_INV_*`).
    private static let invertsSource: UInt8 = 0x01
    private static let invertsDestination: UInt8 = 0x02
    private static let invertsFlags: UInt8 = 0x04
    private static let invertsOption: UInt8 = 0x08

    /// The TCP flags that iptables has names for.
    private static let flagNames = BitNames<UInt8>([
        (0x01, "FIN"), (0x02, "SYN"), (0x04, "RST"), (0x08, "PSH"), (0x10, "ACK"), (0x20, "URG"),
    ])

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        let inverse = data[inverseFlags]
        var match = MatchDescription("tcp")
        guard let sources = data[sourcePorts], let destinations = data[destinationPorts], inverse & ~0x0f == 0,
            match.addPorts(.source, sources, isInverted: inverse & invertsSource != 0),
            match.addPorts(.destination, destinations, isInverted: inverse & invertsDestination != 0)
        else { return nil }
        if data[option] != 0 || inverse & invertsOption != 0 {
            match.text.add("--tcp-option", data[option], isInverted: inverse & invertsOption != 0)
            match.conditions.isComplete = false
        }
        let (mask, set, isInverted) = (data[flagMask], data[flags], inverse & invertsFlags != 0)
        if mask != 0 || isInverted {
            guard let maskText = names(mask), let setText = names(set) else { return nil }
            match.text.add("--tcp-flags", "\(maskText) \(setText)", isInverted: isInverted)
            match.conditions.all.append(.tcpFlags(mask: mask, set: set, isInverted: isInverted))
        } else if set != 0 {
            return nil
        }
        return match
    }

    private static func names(_ flags: UInt8) -> String? { flags == 0 ? "NONE" : flagNames.text(flags) }
}

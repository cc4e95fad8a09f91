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
    static func encode(destinationPort port: UInt16?, to arena: ByteArena) {
        arena.append(port ?? 0)
        arena.append(port ?? .max)
    }

    static func match(_ data: ExtensionData) -> Match? {
        Match(.tcp, destinationPorts: data[destinationPorts])
    }
}

extension Match {
    /// A match on any port or on one; `nil` for some ports.
    init?(_ transport: TransportProtocol, destinationPorts ports: ClosedRange<UInt16>?) {
        guard let ports else { return nil }
        if ports == 0...UInt16.max {
            self = .transport(transport)
        } else if ports.count == 1 {
            self = .transport(transport, destinationPort: ports.lowerBound)
        } else {
            return nil
        }
    }
}

import Crypto
import NetworkTypes
import ServiceModel
import XTables

/// The names of the chains of one service port: prefixes and a hash that all of them share.
struct ServicePortChains {
    /// All endpoints, for policy Cluster.
    let cluster: ChainName
    /// Endpoints on this node, for policy Local.
    let local: ChainName
    /// What comes from outside.
    let external: ChainName
    /// The source ranges of a load balancer.
    let firewall: ChainName

    private let identity: [UInt8]

    init(_ name: ServicePortName) {
        identity = Array(name.description.utf8) + Array(name.transport.rawValue.utf8)
        let hash = Self.hash(identity)
        cluster = ChainName(prefix: "KUBE-SVC-", suffix: hash)
        local = ChainName(prefix: "KUBE-SVL-", suffix: hash)
        external = ChainName(prefix: "KUBE-EXT-", suffix: hash)
        firewall = ChainName(prefix: "KUBE-FW-", suffix: hash)
    }

    /// The chain of one endpoint, named after its text `ADDRESS:PORT`.
    func endpoint(_ text: [UInt8]) -> ChainName {
        ChainName(prefix: "KUBE-SEP-", suffix: Self.hash(identity + text))
    }

    /// The first 16 characters of the Base32 text (RFC 4648) of the SHA-256 hash, as kube-proxy has them.
    private static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(16)
        var bits: UInt32 = 0
        var bitCount = 0
        for byte in SHA256.hash(data: bytes).prefix(10) {
            bits = bits << 8 | UInt32(byte)
            bitCount += 8
            while bitCount >= 5 {
                bitCount -= 5
                let digit = UInt8(bits >> UInt32(bitCount) & 31)
                text.append(digit < 26 ? UInt8(ascii: "A") + digit : UInt8(ascii: "2") + digit - 26)
            }
        }
        return text
    }
}

// SPDX-License-Identifier: Apache-2.0

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

    /// What the hash is made of.
    private let identity: [UInt8]

    init(_ name: ServicePortName) {
        identity = Array(name.description.utf8) + Array(name.transport.rawValue.utf8)
        (cluster, local, external, firewall) = Self.withHash(of: identity) { hash in
            (
                ChainName(prefix: Prefix.cluster, suffix: hash), ChainName(prefix: Prefix.local, suffix: hash),
                ChainName(prefix: Prefix.external, suffix: hash), ChainName(prefix: Prefix.firewall, suffix: hash)
            )
        }
    }

    /// The chain of one endpoint, named after its text `ADDRESS:PORT`, and that text.
    func endpoint(_ endpoint: Endpoint) -> (name: ChainName, text: ArraySlice<UInt8>) {
        // One array for both: this is done for every endpoint.
        var hashed: [UInt8] = []
        hashed.reserveCapacity(identity.count + Self.usualTextLength)
        hashed.append(contentsOf: identity)
        endpoint.appendText(to: &hashed)
        let name = Self.withHash(of: hashed) { ChainName(prefix: Prefix.endpoint, suffix: $0) }
        return (name, hashed[identity.count...])
    }

    private static let usualTextLength = 24

    /// The chain that chooses among a group of endpoints.
    func name(_ prefix: StaticString, group: String) -> ChainName {
        Self.withHash(of: identity + Array(group.utf8)) { ChainName(prefix: prefix, suffix: $0) }
    }

    /// A chain named after a text or, if that is too long, after its hash.
    static func name(_ prefix: StaticString, text: String) -> ChainName {
        let bytes = Array(text.utf8)
        guard prefix.utf8CodeUnitCount + bytes.count > ChainName.maximumLength else {
            return ChainName(prefix: prefix, suffix: bytes)
        }
        return withHash(of: bytes) { ChainName(prefix: prefix, suffix: $0) }
    }

    /// How the names of the chains of service ports and endpoints begin.
    enum Prefix {
        static let cluster: StaticString = "KUBE-SVC-"
        static let local: StaticString = "KUBE-SVL-"
        static let external: StaticString = "KUBE-EXT-"
        static let firewall: StaticString = "KUBE-FW-"
        static let endpoint: StaticString = "KUBE-SEP-"

        static let all = [cluster, local, firewall, external, endpoint, ClientChoice.chainPrefix]
    }

    /// Calls `body` with the first 16 characters of the Base32 text (RFC 4648) of the SHA-256 hash, as kube-proxy has
    /// them.
    private static func withHash<Result>(
        of bytes: [UInt8], _ body: (UnsafeBufferPointer<UInt8>) -> Result
    ) -> Result {
        let bits = SHA256.hash(data: bytes).withUnsafeBytes { UInt128(bigEndian: $0.loadUnaligned(as: UInt128.self)) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { text in
            for index in 0..<16 {
                let digit = UInt8(truncatingIfNeeded: bits >> UInt128(UInt128.bitWidth - 5 * (index + 1))) & 31
                text[index] = digit < 26 ? UInt8(ascii: "A") + digit : UInt8(ascii: "2") + digit - 26
            }
            return body(UnsafeBufferPointer(text))
        }
    }
}

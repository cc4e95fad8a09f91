// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A share of the IPv4 clients, by a hash of their address (`struct xt_cluster_match_info`, linux/netfilter/xt_cluster.h).
enum ClusterExtension: MatchExtension {
    static let signature = ExtensionSignature("cluster", revision: 0, dataLength: 16)

    private static let totalNodes = Member<UInt32>(at: 0)
    private static let nodeMask = Member<UInt32>(at: 4)
    private static let seed = Member<UInt32>(at: 8)
    private static let invert = Member<UInt32>(at: 12)

    static func form(_ family: IPFamily) -> ExtensionForm {
        ExtensionForm(
            userLength: invert.range.upperBound, constants: [.init(nodeMask, 1)],
            values: [totalNodes.range, seed.range, invert.range])
    }

    /// - Throws: ``UnencodableValue`` for more shares than the kernel has.
    @inline(__always)
    static func encode(_ share: ClientShare, to arena: ByteArena) throws(UnencodableValue) {
        guard share.count <= ClientShare.maximumCount(.ipv4) else {
            throw UnencodableValue(
                "-m cluster --cluster-total-nodes must be 1 to \(ClientShare.maximumCount(.ipv4))")
        }
        arena.append(UInt32(share.count))
        arena.append(share.seed)
        arena.append(UInt32(share.isInverted ? 1 : 0))
    }

    /// Our language has the first share only, and for IPv6 other hashes.
    static func match(_ data: ExtensionData) -> Match? {
        guard data.family == .ipv4, let isInverted = data.flag(invert), data[nodeMask] == 1,
            (1...UInt32(ClientShare.maximumCount(.ipv4))).contains(data[totalNodes])
        else { return nil }
        return .clients(
            ClientShare(oneOutOf: Int(data[totalNodes]), seed: data[seed], isInverted: isInverted))
    }
}

extension ClusterExtension: DescribedMatch {
    static func describe(_ data: ExtensionData) -> MatchDescription? {
        guard let isInverted = data.flag(invert) else { return nil }
        var match = MatchDescription("cluster", .undecidable)
        let mask = SaveWords.hexadecimal(data[nodeMask], digits: 8)
        match.text.add("--cluster-local-nodemask", mask, isInverted: isInverted)
        match.text.add("--cluster-total-nodes", data[totalNodes])
        match.text.add("--cluster-hash-seed", SaveWords.hexadecimal(data[seed], digits: 8))
        return match
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

extension LinuxHost {
    /// Asks `nft`, which only lists; `iptables-nft-save` would create the tables it looks for.
    package func nftablesChains(_ family: IPFamily) throws(HostProgram.Failure) -> [NFTablesChain] {
        let program = HostProgram("nft", ["list", "chains", family == .ipv4 ? "ip" : "ip6"])
        do throws(HostProgram.Failure) {
            return Self.nftablesChains(in: try program.output(stop: stop))
        } catch .notStarted {
            return []
        }
    }

    /// Reads lines such as `table ip nat {` and `chain KUBE-SERVICES {`.
    static func nftablesChains(in listing: String) -> [NFTablesChain] {
        var table = ""
        var chains: [NFTablesChain] = []
        for line in listing.split(whereSeparator: \.isNewline) {
            let words = line.split { $0 == " " || $0 == "\t" }
            switch words.first {
            case "table" where words.count >= 3: table = String(words[2])
            case "chain" where words.count >= 2: chains.append(NFTablesChain(table: table, name: String(words[1])))
            default: break
            }
        }
        return chains
    }
}

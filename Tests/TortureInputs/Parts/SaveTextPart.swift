// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Text of iptables-save.
final class SaveTextPart: InputPart {
    let seeds: [[UInt8]]
    let vocabulary: [[UInt8]]

    init(_ corpus: Corpus) {
        seeds = corpus.files(["parity", "features", "walkthrough"], suffix: "expected.rules", sizeLimit: 8 << 10)
        vocabulary = Vocabulary.bytes(Self.words)
    }

    func run(_ input: [UInt8]) throws(Finding) -> Behaviour {
        var behaviour = Behaviour()
        let text = String(decoding: input, as: UTF8.self)
        for family in IPFamily.allCases {
            let ruleset: Ruleset
            do throws(RulesetSyntaxError) {
                ruleset = try Ruleset(saveText: text, family: family)
            } catch {
                try MessageCheck.run("\(error)")
                behaviour.add(error.reason)
                continue
            }
            behaviour.isAccepted = true
            behaviour.add(ruleset.tables.reduce(0) { $0 + min($1.ruleCount, 30) })
            let written = ruleset.text(.save)
            guard let back = try? Ruleset(saveText: written, family: family) else {
                throw Finding("what is written cannot be read: \(written.prefix(500).debugDescription)")
            }
            guard back == ruleset else {
                throw Finding("what is written reads as other rules: \(written.prefix(500).debugDescription)")
            }
        }
        return behaviour
    }

    private static let words = [
        "*nat", "*filter", "*mangle", "COMMIT", ":KUBE-SERVICES - [0:0]", ":INPUT ACCEPT [0:0]", "-A", "-I", "-N", "-P",
        "-s",
        "-d", "-i", "-o", "-p", "-m", "-j", "-g", "!", "tcp", "udp", "sctp", "icmp", "comment", "--comment",
        "conntrack",
        "--ctstate", "NEW", "INVALID", "RELATED,ESTABLISHED", "DNAT", "addrtype", "--dst-type", "--src-type", "LOCAL",
        "mark",
        "--mark", "0x4000/0x4000", "--dport", "--sport", "statistic", "--mode", "random", "--probability", "0.5",
        "0.00001", "nth", "--every", "--packet", "0", "3",
        "recent", "--set", "--rcheck", "--seconds", "--reap", "--name", "--mask", "--rsource", "nfacct",
        "--nfacct-name",
        "ACCEPT", "DROP", "RETURN", "MARK", "--set-xmark", "MASQUERADE", "--random-fully", "--to-destination", "REJECT",
        "--reject-with", "icmp-port-unreachable", "10.0.0.1/32", "10.0.0.1:80", "[fd00::1]:80", "\"a b\"", "\\\"", "\"",
        "\n",
        "[1:2]", "#", "eth0", "cali+", "+", "KUBE-SVC-AAAAAAAAAAAAAAAA",
    ]
}

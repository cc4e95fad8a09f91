// SPDX-License-Identifier: Apache-2.0

import KernelTables
import KernelTablesSuite
import Messages
import NetworkTypes
import XTables

/// Entries as they come from the kernel.
///
/// An input is the family, the name of the target with a NUL behind it, and the entry.
final class EntryPart: InputPart {
    let seeds: [[UInt8]]
    let vocabulary: [[UInt8]]
    let isBinary = true

    init() {
        seeds = IPFamily.allCases.flatMap { family in
            (SampleRules.all(family) + SampleRules.nat(family)).compactMap { rule in
                guard let (bytes, name) = try? EntryCodec.kernelEntry(of: rule, family: family) else { return nil }
                return [family == .ipv4 ? 4 : 6] + Array(name.utf8) + [0] + bytes
            }
        }
        vocabulary = Self.names.map { Array($0.utf8) + [0] }
    }

    func run(_ input: [UInt8]) throws(Finding) -> Behaviour {
        var behaviour = Behaviour()
        let family: IPFamily = (input.first ?? 4) & 2 == 0 ? .ipv4 : .ipv6
        let rest = input.dropFirst()
        let name = String(decoding: rest.prefix { $0 != 0 }.prefix(31), as: UTF8.self)
        let entry = Array(rest.drop { $0 != 0 }.dropFirst())
        let rule: DecodedRule
        do throws(MalformedEntry) {
            rule = try EntryCodec.decode(entry, targetName: name, family: family)
        } catch {
            behaviour.add(error.description)
            return behaviour
        }
        let text = rule.text(chain: "X", family: family)
        // As plan, verify and the log print it: one line, and fit for a terminal.
        try MessageCheck.run(MessageText.line(text))
        switch rule {
        case .known(let known):
            behaviour.isAccepted = true
            // Known means that it says all that the entry says: written and read again it is the same.
            guard let back = Self.readAgain(known, family) else {
                throw Finding("cannot be written again: \(text.debugDescription)")
            }
            guard back == rule else {
                throw Finding("\(text.debugDescription) reads differently when written again: \(back)")
            }
        case .foreign, .malformed: break
        }
        behaviour.add(text)
        return behaviour
    }

    private static func readAgain(_ rule: Rule, _ family: IPFamily) -> DecodedRule? {
        guard let (bytes, target) = try? EntryCodec.kernelEntry(of: rule, family: family) else { return nil }
        return try? EntryCodec.decode(bytes, targetName: target, family: family)
    }

    static let names = [
        "comment", "conntrack", "addrtype", "mark", "tcp", "udp", "sctp", "statistic", "recent", "nfacct", "multiport",
        "u32",
        "limit", "hashlimit", "set", "bpf", "cluster", "string", "icmp", "MARK", "MASQUERADE", "DNAT", "SNAT", "REJECT",
        "LOG",
        "ERROR", "ACCEPT", "DROP", "RETURN", "QUEUE", "KUBE-SERVICES", "CONNMARK", "TPROXY", "REDIRECT", "",
    ]
}

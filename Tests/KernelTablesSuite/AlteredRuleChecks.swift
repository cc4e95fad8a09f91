// SPDX-License-Identifier: Apache-2.0

import KernelTables
import NetworkTypes
import XTables

extension StoreSuite {
    /// What a plan shows of rules of ours that another program altered, in bytes that our language has no words for.
    static let alteredRuleChecks: [Check] = [
        Check(name: "an altered rule of ours is an unexpected one, and ours is missing; none is out of order") { run in
            for alteration in alterations(run.family) {
                let ruleset = ruleset(run.family)
                _ = try run.syncer.apply(ruleset)
                guard let chain = ruleset[alteration.table].chains.first(where: { $0.name == alteration.chain }) else {
                    throw NotFound()
                }
                let ours = chain.rules[alteration.rule]
                var entry = try run.entry(ours)
                try alteration.alter(&entry)
                let transaction = try run.open(alteration.table)
                try transaction.replace(alteration.rule, entry, "\(alteration.chain)")
                try transaction.commit()
                let changes = try run.syncer.plan(ruleset).tables.flatMap(\.chains).flatMap(\.rules)
                run.expectEqual(changes.map(\.kind), [.removed, .added], "kinds of change")
                run.expectEqual(
                    changes.map(\.text),
                    ["-A \(chain.name) \(alteration.text)", ours.saveText(chain: chain.name, family: run.family)],
                    "changes")
                _ = try run.syncer.apply(ruleset)
                try run.expectHolds(ruleset)
            }
        }
    ]

    /// The rules that are altered: with a match of TCP, with REJECT and with MASQUERADE.
    private static func ruleset(_ family: IPFamily) -> Ruleset {
        let destination = AddressMatch(SampleRules.address(family, 53))
        let tcp = Match.transport(.tcp, destinationPort: 53)
        return Ruleset(
            family: family,
            tables: [
                TableRules(
                    table: .filter, jumps: [:],
                    chains: [
                        Chain(
                            name: "KUBE-SERVICES",
                            rules: [
                                Rule(target: .drop),
                                Rule(
                                    destination: destination, transport: .tcp,
                                    matches: [.comment("default/dns:t has no endpoints"), tcp],
                                    target: .rejectPortUnreachable),
                            ])
                    ]),
                TableRules(
                    table: .nat, jumps: [:],
                    chains: [
                        Chain(
                            name: "KUBE-POSTROUTING",
                            rules: [
                                Rule(matches: [.mark(0, mask: 0x4000)], target: .return),
                                Rule(target: .masquerade(randomFully: true)),
                            ])
                    ]),
            ])
    }

    /// One alteration, as `iptables -R` makes it, and what iptables-save then prints.
    private struct Alteration {
        let table: Table
        let chain: ChainName
        let rule: Int
        /// The extension, and which of the bytes of its data become what.
        let extensionName: String
        let bytes: [Int: UInt8]
        let text: String

        func alter(_ entry: inout [UInt8]) throws {
            // The name stands at 2 of 32 bytes before the data.
            let name = Array(extensionName.utf8) + [0]
            let places = (0..<(entry.count - name.count)).filter { entry[$0..<($0 + name.count)].elementsEqual(name) }
            guard let place = places.last else { throw NotFound() }
            for (offset, byte) in bytes { entry[place + 30 + offset] = byte }
        }
    }

    private static func alterations(_ family: IPFamily) -> [Alteration] {
        let address = "\(SampleRules.address(family, 53))/\(family.addressBits)"
        let head = "-d \(address) -p tcp -m comment --comment \"default/dns:t has no endpoints\" -m tcp"
        let reject = "-j REJECT --reject-with icmp\(family == .ipv4 ? "" : "6")-port-unreachable"
        func rejecting(_ name: String, _ bytes: [Int: UInt8], _ text: String) -> Alteration {
            Alteration(
                table: .filter, chain: "KUBE-SERVICES", rule: 1, extensionName: name, bytes: bytes,
                text: "\(head) \(text)")
        }
        // The flags of struct nf_nat_ipv4_range stand behind their number; ports are in network byte order.
        let (flags, ports) = family == .ipv4 ? (4, 16) : (0, 36)
        func masquerading(_ bytes: [Int: UInt8], _ options: String) -> Alteration {
            Alteration(
                table: .nat, chain: "KUBE-POSTROUTING", rule: 1, extensionName: "MASQUERADE", bytes: bytes,
                text: "-j MASQUERADE \(options)")
        }
        return [
            rejecting("REJECT", [0: family == .ipv4 ? 7 : 6], "--dport 53 -j REJECT --reject-with tcp-reset"),
            rejecting("tcp", [9: 0x02, 10: 0x02], "--dport 53 --tcp-flags SYN SYN \(reject)"),
            rejecting("tcp", [11: 0x02], "! --dport 53 \(reject)"),
            rejecting("tcp", [0: 1, 2: 100, 3: 0], "--sport 1:100 --dport 53 \(reject)"),
            masquerading([flags: 0x04], "--random"),
            masquerading(
                [flags: 0x12, ports: 4, ports + 1: 0, ports + 2: 7, ports + 3: 0xd0],
                "--to-ports 1024-2000 --random-fully"),
        ]
    }
}

private struct NotFound: Error {}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import KernelTables
import KernelTablesSuite
import NetworkTypes
import TestSupport
import Testing
import XTables

@Suite("The reader of tables")
struct RulesetReaderTests {
    @Test("reads what was written, with chains, policies and counters", arguments: IPFamily.allCases)
    func written(family: IPFamily) throws {
        let store = MemoryStore()
        let ruleset = RandomCluster.ruleset(seed: 3, family: family, services: 20)
        _ = try Syncer(store: store, lock: nil).apply(ruleset)
        let seen = RuleCounters(packets: 5, bytes: 300)
        store.count(seen, rule: 0, of: "KUBE-SERVICES", in: .nat, family: family)
        for table in Table.allCases {
            let content = try RulesetReader(store: store).read(table, family: family)
            #expect(content.table == table && content.family == family)
            let builtIn = content.chains.prefix { $0.isBuiltIn }
            #expect(builtIn.map(\.name) == table.builtInChains.map(\.name))
            #expect(builtIn.allSatisfy { $0.policy == ChainPolicy(.accept) })
            for chain in table.builtInChains {
                let rules = try #require(content[chain.name]).rules.map(\.rule)
                #expect(rules == (ruleset[table].jumps[chain] ?? []).map(DecodedRule.known))
            }
            let ours = content.chains.drop { $0.isBuiltIn }
            #expect(ours.map(\.name) == ruleset[table].chains.map(\.name))
            #expect(ours.map { $0.rules.map(\.rule) } == ruleset[table].chains.map { $0.rules.map(DecodedRule.known) })
        }
        let services = try #require(try RulesetReader(store: store).read(.nat, family: family)["KUBE-SERVICES"])
        #expect(services.rules.first?.counters == seen)
        #expect(services.rules.dropFirst().allSatisfy { $0.counters == .zero })
    }

    @Test("takes foreign rules apart, and keeps what it does not understand as bytes")
    func foreign() throws {
        var entry = try EntryCodec.kernelEntry(
            of: Rule(
                source: AddressMatch(SampleRules.address(.ipv4, 1)), inputInterface: InterfaceMatch("eth0"),
                transport: .tcp, matches: [.comment("text"), .mark(1, mask: 1)], target: .jump("THERE")),
            family: .ipv4
        ).bytes
        // A mask with a hole, an output interface, another protocol, fragments, and a name that no kernel has.
        entry[8 + 1] = 0
        entry.replaceSubrange(32..<37, with: Array("wan0+".utf8))
        entry.replaceSubrange(64..<68, with: [0xff, 0xff, 0xff, 0xff])
        entry[80] = 99
        entry[82] = 0x01 | 0x02
        entry[83] = 0x01 | 0x40
        entry[112 + 2] = UInt8(ascii: "k")
        let decoded = try EntryCodec.decode(entry, targetName: "THERE", family: .ipv4)
        guard case .foreign(let foreign) = decoded else { throw TestFailure("not foreign: \(decoded)") }
        let source = try #require(foreign.source)
        #expect(source.matches(IPAddress(ipv4: 0xc063_0201), family: .ipv4))
        #expect(!source.matches(IPAddress(ipv4: 0xc063_0202), family: .ipv4))
        #expect(foreign.destination == nil)
        #expect(foreign.inputInterface == InterfaceMatch("eth0", isInverted: true))
        #expect(foreign.outputInterface == InterfaceMatch("wan0", isWildcard: true))
        #expect(foreign.protocolMatch == ProtocolMatch(99, isInverted: true))
        #expect(foreign.fragments == .following)
        #expect(foreign.unknownParts.isEmpty)
        #expect(foreign.target == .goto("THERE"))
        guard case .other(let unknown, .undecidable) = foreign.matches[0] else { throw TestFailure("not unknown") }
        #expect(unknown.name == "komment" && unknown.revision == 0 && unknown.data.count == 256 && unknown.text == nil)
        #expect(unknown.data.starts(with: "text\0".utf8))
        #expect(foreign.matches[1] == .known(.mark(1, mask: 1)))
        #expect(
            decoded.text(chain: "X", family: .ipv4)
                == "-A X -s 192.0.2.1/255.0.255.255 ! -i eth0 -o wan0+ ! -p 99 -f -m komment [unknown: 256 bytes]"
                + " -m mark --mark 0x1/0x1 -g THERE")
    }

    @Test("never shows a match or a target that was altered as if it were ours", arguments: IPFamily.allCases)
    func altered(family: IPFamily) throws {
        var altered: [String] = []
        for rule in SampleRules.all(family) + SampleRules.nat(family) {
            let entry = try EntryCodec.kernelEntry(of: rule, family: family)
            for place in entry.bytes.indices {
                var bytes = entry.bytes
                bytes[place] ^= 0x11
                let text = rule.saveText(chain: "X", family: family)
                guard let decoded = try? EntryCodec.decode(bytes, targetName: entry.targetName, family: family),
                    decoded.text(chain: "X", family: family) == text
                else { continue }
                // Only what belongs to the kernel may differ without being seen.
                if decoded != .known(rule) { altered.append("byte \(place) of \(text)") }
            }
        }
        #expect(altered.isEmpty, "\(altered.prefix(5))")
    }

    @Test("shows flags that it does not know")
    func flags() throws {
        var entry = try EntryCodec.kernelEntry(of: Rule(transport: .udp, target: .drop), family: .ipv6).bytes
        entry[131] = 0
        #expect(
            try EntryCodec.decode(entry, targetName: "DROP", family: .ipv6).text(chain: "X", family: .ipv6)
                == "-A X -p udp [unknown: flags 0x0, inverse flags 0x0] -j DROP")
    }

    @Test("prints what iptables-save prints", .needsKernel, arguments: IPFamily.allCases)
    func saved(family: IPFamily) throws {
        let namespace = try NetworkNamespace()
        let probe = Repository.products.appending(path: "kernel-tables-probe").path
        let prefix = family == .ipv4 ? "iptables" : "ip6tables"
        #expect(try namespace.attempt([probe, "apply", family.rawValue, namespace.lockPath, "1"]).status == 0)
        try namespace.run("\(prefix)-legacy", "-P", "FORWARD", "DROP")
        let any = family == .ipv4 ? "10.0.0.0/255.0.255.0" : "2001:db8::/ffff:0:ffff::"
        for arguments in [
            ["-t", "mangle", "-A", "POSTROUTING", "-p", "udp", "-j", "MARK", "--set-xmark", "0x4000/0x4000"],
            ["-t", "raw", "-A", "PREROUTING", "-i", "eth+", "-j", "ACCEPT"],
            ["-t", "security", "-N", "FOREIGN"], ["-t", "security", "-A", "INPUT", "-g", "FOREIGN"],
            ["-A", "FORWARD", "-s", any, "!", "-o", "eth+", "-j", "ACCEPT"],
            ["-A", "FORWARD", "!", "-p", "47", "-i", "x", "-d", family == .ipv4 ? "0.0.0.0/0" : "::/0"],
            ["-N", "FOREIGN"], ["-A", "FORWARD", "-p", "tcp", "-g", "FOREIGN"],
            ["-A", "FOREIGN", "-d", family == .ipv4 ? "192.0.2.0/25" : "::ffff:192.0.2.1", "-j", "QUEUE"],
            ["-A", "FOREIGN", "-d", family == .ipv4 ? "192.0.2.0/32" : "::192.0.2.1", "-j", "DROP"],
        ] + (family == .ipv4 ? [["-A", "FORWARD", "!", "-f"], ["-A", "FORWARD", "-f", "-j", "DROP"]] : []) {
            let result = try namespace.attempt(["\(prefix)-legacy"] + arguments)
            #expect(result.status == 0, "\(result)")
        }
        let expected = try namespace.run("\(prefix)-legacy-save", "-c").split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
        let found = try namespace.attempt([probe, "save", family.rawValue])
        #expect(found.status == 0, "\(found)")
        let lines = found.output.split(separator: "\n")
        #expect(Set(lines) == Set(expected), "\(Set(lines).symmetricDifference(expected).sorted())")
        #expect(lines.count == expected.count)
    }
}

private struct TestFailure: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

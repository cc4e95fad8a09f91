// SPDX-License-Identifier: Apache-2.0

import KernelTables
import KernelTablesSuite
import NetworkTypes
import TestSupport
import Testing
import XTables

@Suite("Kernel entries")
struct EntryCodecTests {
    @Test("say what the rule says", arguments: IPFamily.allCases)
    func roundTrip(family: IPFamily) throws {
        let accounting = Rule(matches: [.accounting(name: "ct_state_invalid_dropped_pkts")], target: .drop)
        for rule in SampleRules.all(family) + SampleRules.nat(family) + [accounting] {
            let entry = try EntryCodec.kernelEntry(of: rule, family: family)
            let decoded = try EntryCodec.decode(entry.bytes, targetName: entry.targetName, family: family)
            #expect(decoded == .known(rule))
        }
    }

    @Test("however mangled, are refused or described, and never more", arguments: IPFamily.allCases)
    func mangled(family: IPFamily) throws {
        var refused = 0
        for rule in SampleRules.all(family) + SampleRules.nat(family) {
            let entry = try EntryCodec.kernelEntry(of: rule, family: family)
            for round in 0..<200 {
                var bytes = entry.bytes
                for _ in 0...(round % 4) { bytes[Int.random(in: 0..<bytes.count)] = UInt8.random(in: 0...255) }
                if round % 5 == 0 { bytes.removeLast(Int.random(in: 0...bytes.count)) }
                if round % 7 == 0 { bytes += [UInt8](repeating: 0xff, count: Int.random(in: 1...40)) }
                do throws(MalformedEntry) {
                    let decoded = try EntryCodec.decode(bytes, targetName: entry.targetName, family: family)
                    _ = decoded.text(chain: "X", family: family)
                } catch {
                    refused += 1
                }
            }
        }
        #expect(refused > 0)
    }

    /// The offset of a match's program in an IPv6 entry of one match: head, head of the match, mode and number.
    private static let programOffset = 168 + 32 + 8

    @Test("with another program of the match bpf are foreign, and printed as iptables-save does")
    func otherPrograms() throws {
        let share = ClientShare(oneOutOf: 10, seed: 7)
        let rule = Rule(matches: [.clients(share)], target: .accept)
        let entry = try EntryCodec.kernelEntry(of: rule, family: .ipv6)
        #expect(try EntryCodec.decode(entry.bytes, targetName: "ACCEPT", family: .ipv6) == .known(rule))
        let text = rule.saveText(chain: "X", family: .ipv6)
        for instruction in 0..<37 {
            // The lowest byte of the operand.
            let place = Self.programOffset + instruction * 8 + 4
            var bytes = entry.bytes
            bytes[place] ^= 1
            let decoded = try EntryCodec.decode(bytes, targetName: "ACCEPT", family: .ipv6)
            guard case .foreign = decoded else {
                Issue.record("instruction \(instruction): \(decoded)")
                continue
            }
            let other = decoded.text(chain: "X", family: .ipv6)
            #expect(other.hasPrefix("-A X -m bpf --bytecode \"37,1 0 0 ") && other != text, "\(other)")
        }
    }

    @Test("have shares of clients that the kernel can make, of each family")
    func shares() throws {
        func length(_ count: Int, _ family: IPFamily) throws -> Int {
            let rule = Rule(
                transport: .tcp, matches: [.clients(ClientShare(oneOutOf: count, seed: 1))],
                target: .destinationNAT(SampleRules.address(family, 1), port: 80))
            return try EntryCodec.kernelEntry(of: rule, family: family).bytes.count
        }
        // Head, match, target DNAT.
        #expect(try length(32, .ipv4) == 112 + 48 + 80)
        #expect(try length(65_535, .ipv6) == 168 + 560 + 80)
        #expect(throws: (any Error).self) { try length(33, .ipv4) }
    }

    @Test("name the matches that kubetables does not know")
    func unknown() throws {
        var entry = try EntryCodec.kernelEntry(
            of: Rule(transport: .tcp, matches: [.comment("text")], target: .jump("THERE")), family: .ipv4)
        let name = Array("hashlimit".utf8)
        for (index, byte) in name.enumerated() { entry.bytes[112 + 2 + index] = byte }
        let decoded = try EntryCodec.decode(entry.bytes, targetName: "THERE", family: .ipv4)
        #expect(
            decoded.text(chain: "X", family: .ipv4)
                == "-A X -p tcp -m hashlimit [unknown: 256 bytes] -j THERE")
    }

    @Test(
        "with a target that has no words are followed if it is known what the target does", arguments: IPFamily.allCases
    )
    func undescribedTargets(family: IPFamily) throws {
        func effect(_ name: String, _ data: [UInt8]) throws -> TargetEffect? {
            var entry = try EntryCodec.kernelEntry(of: Rule(target: .mark(xor: 1, clearing: 1)), family: family)
            let head = entry.bytes.count - 40
            for index in 0..<29 {
                entry.bytes[head + 2 + index] = index < name.utf8.count ? Array(name.utf8)[index] : 0
            }
            entry.bytes[head + 31] = 0
            for (index, byte) in data.enumerated() { entry.bytes[head + 32 + index] = byte }
            guard case .foreign(let foreign) = try EntryCodec.decode(entry.bytes, targetName: name, family: family),
                case .other(_, let effect) = foreign.target
            else { return nil }
            return effect
        }
        #expect(try effect("TRACE", []) == .goesOn)
        #expect(try effect("CT", [1, 0]) == .stopsTracking)
        #expect(try effect("CT", [2, 0]) == .goesOn)
        #expect(try effect("NOTRACK", []) == .stopsTracking)
        #expect(try effect("HMARK", []) == .changesMark)
        #expect(try effect("SET", []) == .goesOn)
        #expect(try effect("STRANGE", []) == .unknown)
    }

    @Test("with any data of an extension are described or marked, and never more", arguments: IPFamily.allCases)
    func anyData(family: IPFamily) throws {
        var generator = SeededGenerator(seed: 13)
        for described in EntryCodec.describedExtensions(family) {
            for round in 0..<500 {
                var data = [UInt8](repeating: 0, count: described.dataLength)
                for _ in 0..<[0, 1, 3, 12, 4000][round % 5] {
                    data[Int.random(in: 0..<data.count, using: &generator)] = .random(in: 0...255, using: &generator)
                }
                let entry = EntryCodec.entry(of: described, data: data, family: family)
                let name = described.isTarget ? described.name : ""
                let decoded = try EntryCodec.decode(entry, targetName: name, family: family)
                let text = decoded.text(chain: "X", family: family)
                #expect(text.contains(described.name) || text.contains("-m state"), "\(text)")
            }
        }
    }

    @Test(
        "are not made of rules the kernel could not hold",
        arguments: [
            (Rule(matches: [.comment(String(repeating: "x", count: 256))]), "a comment may have 255 bytes, not 256"),
            (Rule(matches: [.comment("a\0b")]), "a comment must have no NUL"),
            (Rule(inputInterface: InterfaceMatch("abcdefghijklmnop")), "an interface name must have 1 to 15 bytes"),
            (Rule(inputInterface: InterfaceMatch("")), "an interface name must have 1 to 15 bytes"),
            (Rule(matches: [.transport(.tcp)]), "-m tcp needs -p tcp"),
            (Rule(transport: .udp, matches: [.transport(.sctp)]), "-m sctp needs -p sctp"),
            (Rule(source: AddressMatch(SampleRules.address(.ipv6, 1))), "an address of the other IP family"),
            (
                Rule(target: .destinationNAT(SampleRules.address(.ipv6, 1), port: 1)),
                "an address of the other IP family"
            ),
            (Rule(target: .jump("ACCEPT")), "no chain can have the name ACCEPT"),
            (Rule(target: .jump("OUTPUT")), "no chain can have the name OUTPUT"),
            (Rule(matches: [.accounting(name: "")]), "the name of an accounting object must have 1 to 31 bytes"),
            (Rule(matches: [Match](repeating: .localAddress(.source), count: 15)), "more than 14 matches"),
        ])
    func unencodable(rule: Rule, reason: String) {
        #expect { try EntryCodec.entry(of: rule, family: .ipv4) } throws: { ($0 as? UnencodableRule)?.reason == reason }
    }
}

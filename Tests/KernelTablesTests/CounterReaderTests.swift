// SPDX-License-Identifier: Apache-2.0

import Foundation
import KernelTablesSuite
import NetworkTypes
import TestSupport
import Testing
import XTables

@testable import KernelTables

@Suite("Counters of rules")
struct CounterReaderTests {
    /// The entries of a table as the kernel lays them out.
    private struct Layout {
        let family: IPFamily
        private(set) var bytes: [UInt8] = []
        private(set) var starts: [EntryWalk.Start] = []

        init(_ family: IPFamily) { self.family = family }

        mutating func begin(_ chain: BuiltInChain) {
            starts.append(EntryWalk.Start(offset: bytes.count, chain: chain.name))
        }

        mutating func begin(_ chain: String) {
            let layout = EntryFormat.of(family)
            var entry = [UInt8](repeating: 0, count: layout.headerLength + 64)
            entry[layout.targetOffsetOffset] = UInt8(layout.headerLength)
            entry[layout.nextOffsetOffset] = UInt8(entry.count)
            entry[layout.headerLength] = 64
            entry.replaceSubrange((layout.headerLength + 2)..<(layout.headerLength + 7), with: Array("ERROR".utf8))
            let name = layout.headerLength + 32
            entry.replaceSubrange(name..<(name + chain.utf8.count), with: Array(chain.utf8))
            bytes += entry
        }

        /// Adds a rule as the kernel has it: a verdict is a number.
        mutating func add(_ rule: Rule, packets: UInt64 = 0) throws {
            let layout = EntryFormat.of(family)
            var entry = try EntryCodec.kernelEntry(of: rule, family: family).bytes
            entry.withUnsafeMutableBytes { raw in
                raw.storeBytes(of: packets, toByteOffset: layout.countersOffset, as: UInt64.self)
                raw.storeBytes(of: packets * 60, toByteOffset: layout.countersOffset + 8, as: UInt64.self)
                if let verdict = Self.verdict(of: rule.target) {
                    let target = Int(raw.load(fromByteOffset: layout.targetOffsetOffset, as: UInt16.self))
                    raw.storeBytes(of: verdict, toByteOffset: target + 32, as: Int32.self)
                }
            }
            bytes += entry
        }

        /// What the kernel has for targets that are verdicts; `nil` for others.
        ///
        /// A rule without a target goes on to the next, which looks like a jump.
        private static func verdict(of target: Target?) -> Int32? {
            switch target {
            case .drop: -1
            case .accept: -2
            case .return: -5
            case nil, .jump: 4711
            default: nil
            }
        }

        func walk(_ bytes: [UInt8]) throws -> [(chain: ChainName, key: CounterKey?)] {
            var found: [(ChainName, CounterKey?)] = []
            try bytes.withUnsafeBytes { raw in
                try EntryWalk(raw, family: family, starts: starts).forEachRule { chain, entry in
                    found.append((chain, CounterKey(entry, chain: chain, family: family)))
                }
            }
            return found
        }
    }

    private static func sample(_ family: IPFamily) throws -> Layout {
        var layout = Layout(family)
        let policy = Rule(target: .accept)
        layout.begin(.prerouting)
        try layout.add(Rule(target: .drop))
        try layout.add(policy)
        layout.begin(.output)
        try layout.add(policy)
        layout.begin("KUBE-EMPTY")
        try layout.add(Rule(target: .return))
        layout.begin("KUBE-SERVICES")
        for rule in SampleRules.all(family) + SampleRules.nat(family) { try layout.add(rule, packets: 1) }
        try layout.add(Rule(target: .return))
        layout.begin("ERROR")
        return layout
    }

    @Test("stand at the rules of chains, not at what the kernel ends chains with", arguments: IPFamily.allCases)
    func walk(family: IPFamily) throws {
        let layout = try Self.sample(family)
        let found = try layout.walk(layout.bytes)
        let rules = SampleRules.all(family) + SampleRules.nat(family)
        #expect(found.map(\.chain) == ["PREROUTING"] + rules.map { _ in "KUBE-SERVICES" })
        #expect(found.dropFirst().map(\.key) == rules.map { CounterKey($0, in: "KUBE-SERVICES") })
        #expect(found.compactMap(\.key).count >= 6)
    }

    @Test("belong to rules that are told apart by what they do, and not by comments", arguments: IPFamily.allCases)
    func identity(family: IPFamily) throws {
        let one = AddressMatch(SampleRules.address(family, 1))
        let reject = Rule(
            destination: one, transport: .udp, matches: [.transport(.udp, destinationPort: 53)],
            target: .rejectPortUnreachable)
        var commented = reject
        commented.matches.insert(.comment("default/dns has no endpoints"), at: 0)
        #expect(CounterKey(reject, in: "A") == CounterKey(commented, in: "A"))
        #expect(CounterKey(reject, in: "A") != CounterKey(reject, in: "B"))
        var other = reject
        other.target = .drop
        #expect(CounterKey(other, in: "A") != CounterKey(reject, in: "A"))
        other.target = .accept
        #expect(CounterKey(other, in: "A") == nil)
        other = reject
        other.destination = AddressMatch(CIDR(one.range.address, prefixLength: 20))
        #expect(CounterKey(other, in: "A") == nil)
        var jump = other
        jump.target = .jump("B")
        #expect(
            CounterKey(jump, in: "A")
                == CounterKey(
                    chain: "A", verdict: .jump, protocolNumber: 17, address: jump.destination?.range.address, port: 53)
        )
        var everything = jump
        everything.destination = AddressMatch(CIDR(one.range.address, prefixLength: 0))
        var inverted = jump
        inverted.destination?.isInverted = true
        var host = jump
        host.destination = one
        for rule in [everything, inverted, host] { #expect(CounterKey(rule, in: "A") == nil) }
        for rule in [reject, commented, other, jump, everything, inverted, host] {
            let entry = try EntryCodec.kernelEntry(of: rule, family: family).bytes
            #expect(
                entry.withUnsafeBytes { CounterKey($0, chain: "A", family: family) } == CounterKey(rule, in: "A"))
        }
    }

    @Test("however mangled the table, are refused or told, and never more", arguments: IPFamily.allCases)
    func mangled(family: IPFamily) throws {
        let layout = try Self.sample(family)
        var random = SeededGenerator(seed: 7)
        var refused = 0
        for round in 0..<3000 {
            var bytes = layout.bytes
            if round % 3 == 0 { bytes.removeLast(Int.random(in: 1...bytes.count, using: &random)) }
            for _ in 0..<(round % 12) where !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do {
                _ = try layout.walk(bytes)
            } catch is MalformedEntry {
                refused += 1
            }
        }
        #expect((100..<3000).contains(refused))
    }

    @Test("read without libiptc are those that iptables-save prints", .needsKernel, arguments: IPFamily.allCases)
    func kernel(family: IPFamily) throws {
        let namespace = try NetworkNamespace()
        let probe = Repository.products.appending(path: "kernel-tables-probe").path
        let prefix = family == .ipv4 ? "iptables" : "ip6tables"
        #expect(try namespace.attempt([probe, "apply", family.rawValue, namespace.lockPath, "1"]).status == 0)
        try namespace.run("\(prefix)-legacy", "-t", "nat", "-I", "OUTPUT", "-p", "tcp", "-j", "RETURN")
        try namespace.run("\(prefix)-legacy", "-N", "FOREIGN")
        try namespace.run("\(prefix)-legacy", "-A", "FOREIGN", "-p", "udp", "-j", "LOG")
        // Counters of their own for every rule: the number of its line.
        let counted = try namespace.run("\(prefix)-legacy-save").split(separator: "\n").enumerated()
            .map { $0.element.hasPrefix("-A") ? "[\($0.offset):\($0.offset * 100)] \($0.element)" : "\($0.element)" }
        try namespace.run(
            "\(prefix)-legacy-restore", "--counters", input: counted.joined(separator: "\n") + "\n")

        var table = ""
        var expected: [String] = []
        for line in try namespace.run("\(prefix)-legacy-save", "-c").split(separator: "\n") {
            if line.hasPrefix("*") { table = String(line.dropFirst()) }
            guard line.hasPrefix("["), ["nat", "filter"].contains(table) else { continue }
            let words = line.split(separator: " ", maxSplits: 3)
            expected.append("\(table) \(words[2]) \(words[0])")
        }
        #expect(expected.count > 50)
        let found = try namespace.attempt([probe, "counters", family.rawValue])
        #expect(found.status == 0, "\(found)")
        #expect(found.output.split(separator: "\n").map(String.init).sorted() == expected.sorted())
    }
}

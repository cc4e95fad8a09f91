// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing

@testable import XTables

/// Runs programs as the kernel does (`bpf_prog_run`), as far as ours have instructions.
private struct FilterMachine {
    let packet: [UInt8]

    /// The answer; `nil` for an instruction that is not known, or a jump out of the program.
    func run(_ program: FilterProgram) -> UInt32? {
        var (accumulator, index): (UInt32, UInt32) = (0, 0)
        var place = 0
        while program.instructions.indices.contains(place) {
            let instruction = program.instructions[place]
            let operand = instruction.operand
            place += 1
            switch instruction.code {
            case 32: accumulator = packet[Int(operand)..<Int(operand) + 4].reduce(0) { $0 << 8 | UInt32($1) }
            case 1: index = operand
            case 7: index = accumulator
            case 172: accumulator ^= index
            case 4: accumulator &+= operand
            case 36: accumulator &*= operand
            case 116: accumulator >>= operand
            case 29: place += Int(accumulator == index ? instruction.jumpTrue : instruction.jumpFalse)
            case 37: place += Int(accumulator > operand ? instruction.jumpTrue : instruction.jumpFalse)
            case 6: return operand
            default: return nil
            }
        }
        return nil
    }
}

@Suite("Programs for the match bpf") struct ClientHashProgramTests {
    private static func address(_ high: UInt64, _ low: UInt64) -> IPAddress { IPAddress(ipv6High: high, low: low) }

    private static func bytes(_ address: IPAddress) -> [UInt8] {
        let all = [address.high, address.low].flatMap { half in
            (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) }
        }
        return Array(all.suffix(address.family.addressBits / 8))
    }

    /// A packet's IP header: what stands ahead of the addresses, and the addresses.
    private static func packet(from source: IPAddress, to destination: IPAddress) -> [UInt8] {
        [UInt8](repeating: 0x60, count: source.family == .ipv4 ? 12 : 8) + bytes(source) + bytes(destination)
    }

    private static let shares = [1, 2, 3, 10, 33, 65_535].flatMap { count in
        [false, true].map { ClientShare(oneOutOf: count, seed: 0x9e37_79b9 &* UInt32(count), isInverted: $0) }
    }

    @Test("answer whether the hash of an IPv6 client is in the share", arguments: shares)
    func answers(share: ClientShare) {
        let program = ClientHashProgram.program(share)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let client = Self.address(random.next(), random.next())
            let isFirst = (UInt64(ClientHashProgram.hash(client, seed: share.seed)) * UInt64(share.count)) >> 32 == 0
            let packet = Self.packet(from: client, to: Self.address(1, 2))
            #expect(
                FilterMachine(packet: packet).run(program) == (isFirst != share.isInverted ? 65_535 : 0), "\(client)")
        }
    }

    @Test("give an address the hash that it has always had: rules of all nodes must agree")
    func knownHashes() {
        #expect(ClientHashProgram.hash(Self.address(0xfd00_0244_0000_0000, 1), seed: 0) == 0x9f37_c1c9)
        #expect(ClientHashProgram.hash(Self.address(0xfd00_0244_0000_0000, 1), seed: 0xdead_beef) == 0x5e0b_6bfa)
        #expect(
            ClientHashProgram.hash(Self.address(0x2001_0db8_0001_0002, 0x0211_22ff_fe33_4455), seed: 7) == 0x6610_45c0)
    }

    @Test("answer whether both addresses are the same", arguments: IPFamily.allCases)
    func sameAddresses(family: IPFamily) {
        let program = SameAddressProgram.program(family)
        let one =
            family == .ipv4 ? IPAddress(ipv4: 0x0af4_0102) : Self.address(0x0102_0304_0506_0708, 0x090a_0b0c_0d0e_0f10)
        func answer(_ destination: IPAddress) -> UInt32? {
            FilterMachine(packet: Self.packet(from: one, to: destination)).run(program)
        }
        #expect(answer(one) == 65_535)
        for bit in 0..<family.addressBits {
            let other =
                switch family {
                case .ipv4: IPAddress(ipv4: UInt32(truncatingIfNeeded: one.low) ^ 1 << UInt32(bit))
                case .ipv6:
                    Self.address(one.high ^ (bit < 64 ? 1 << bit : 0), one.low ^ (bit < 64 ? 0 : 1 << (bit - 64)))
                }
            #expect(answer(other) == 0, "\(other)")
        }
    }

    @Test("are as long as iptables and the kernel take them")
    func length() {
        let longest = ClientHashProgram.program(ClientShare(oneOutOf: 1, seed: .max, isInverted: true))
        #expect(longest.instructions.count <= FilterProgram.maximumLength)
        // An option of iptables-restore (`struct xt_param_buf`, iptables/xshared.h).
        #expect(longest.text.utf8.count < 1024)
    }

    @Test("are read as the share they are for, of every number of shares")
    func everyShare() {
        for count in 1...ClientShare.maximumCount(.ipv6) {
            let share = ClientShare(oneOutOf: count, seed: UInt32(count) << 16, isInverted: count % 2 == 0)
            #expect(ClientHashProgram.share(ClientHashProgram.operands(share)) == share)
        }
        for share in Self.shares { #expect(ClientHashProgram.share(of: ClientHashProgram.program(share)) == share) }
    }

    private static func rule(_ program: String, _ family: IPFamily) throws(RulesetSyntaxError) -> Rule? {
        let text = "*filter\n:C - [0:0]\n-A C -m bpf --bytecode \"\(program)\"\nCOMMIT\n"
        return try Ruleset(saveText: text, family: family)[.filter].chains.first?.rules.first
    }

    @Test("with one number changed are none of ours")
    func otherPrograms() throws {
        let share = ClientShare(oneOutOf: 10, seed: 0xdead_beef)
        let program = ClientHashProgram.program(share)
        #expect(try Self.rule(program.text, .ipv6)?.matches == [.clients(share)])
        for place in program.instructions.indices {
            for change in [1, 2, 3] {
                var instructions = program.instructions
                switch change {
                case 1: instructions[place].operand ^= 1
                case 2: instructions[place].jumpTrue ^= 1
                default: instructions[place].jumpFalse ^= 1
                }
                let other = FilterProgram(instructions)
                #expect(ClientHashProgram.share(of: other) == nil)
                #expect(throws: RulesetSyntaxError.self) { try Self.rule(other.text, .ipv6) }
            }
        }
        #expect(throws: RulesetSyntaxError.self) { try Self.rule(program.text, .ipv4) }
    }

    @Test(
        "written in another way are none of ours",
        arguments: [
            "", "0", "1,6 0 0 0", "x", "+37", "37,", "1,6 0 0 0,", "1,6 0 0", "1,6 0 0 0 0", "1,6 0 0 4294967296",
        ])
    func malformed(text: String) {
        let program = ClientHashProgram.program(ClientShare(oneOutOf: 10, seed: 1)).text
        for text in [
            text, text + "," + program, program.replacing("37,", with: "037,"),
            program.replacing("1 0 0 1,", with: "1 0 0 +1,"),
        ] {
            #expect(throws: RulesetSyntaxError.self) { try Self.rule(text, .ipv6) }
        }
    }

    @Test("do not stand for xt_cluster in IPv6, whose hash makes no difference between clients")
    func cluster() {
        let line =
            "-A C -m cluster --cluster-local-nodemask 0x00000001 --cluster-total-nodes 10 --cluster-hash-seed 0x00000007"
        let text = "*filter\n:C - [0:0]\n\(line)\nCOMMIT\n"
        #expect(throws: Never.self) { try Ruleset(saveText: text, family: .ipv4) }
        #expect(throws: RulesetSyntaxError.self) { try Ruleset(saveText: text, family: .ipv6) }
        #expect(throws: RulesetSyntaxError.self) {
            try Ruleset(saveText: text.replacing("nodes 10", with: "nodes 33"), family: .ipv4)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// A program of the classic Berkeley packet filter (`struct xt_bpf_info_v1`, linux/netfilter/xt_bpf.h).
enum BPFExtension: MatchExtension {
    static let signature = ExtensionSignature("bpf", revision: 1, dataLength: 528)

    private static let mode = Member<UInt16>(at: 0)
    private static let count = Member<UInt16>(at: 2)
    /// `bpf_program`, with eight bytes for each instruction, or the path of a pinned program.
    private static let program = MemberBytes(at: 8, length: 512)
    private static let instructionLength = 8

    /// The program that compares both addresses: nothing in the data differs.
    static func form(_ family: IPFamily) -> ExtensionForm { form(of: SameAddressProgram.program(family)) }

    static func match(_ data: ExtensionData) -> Match? { ClientHash.match(data) ?? .sameAddresses }

    private static func form(of filter: FilterProgram, values: [Range<Int>] = []) -> ExtensionForm {
        var constants = [ExtensionForm.Constant(count, UInt16(filter.instructions.count))]
        for (index, instruction) in filter.instructions.enumerated() {
            let place = Instruction(index)
            constants += [
                .init(place.code, instruction.code), .init(place.jumpTrue, instruction.jumpTrue),
                .init(place.jumpFalse, instruction.jumpFalse), .init(place.operand, instruction.operand),
            ]
        }
        return ExtensionForm(userLength: program.range.upperBound, constants: constants, values: values)
    }

    /// Where an instruction stands (`struct sock_filter`, linux/filter.h).
    private struct Instruction {
        let code: Member<UInt16>
        let jumpTrue: Member<UInt8>
        let jumpFalse: Member<UInt8>
        let operand: Member<UInt32>

        init(_ index: Int) {
            let offset = program.range.lowerBound + index * instructionLength
            code = Member(at: offset)
            jumpTrue = Member(at: offset + 2)
            jumpFalse = Member(at: offset + 3)
            operand = Member(at: offset + 4)
        }
    }

    /// The program that hashes the address of an IPv6 client, in the same extension.
    enum ClientHash: MatchExtension {
        static let signature = BPFExtension.signature

        private static let operands = ClientHashProgram.operandPlaces.map { Instruction($0).operand }

        /// Programs for two shares differ in few operands.
        static func form(_ family: IPFamily) -> ExtensionForm {
            BPFExtension.form(
                of: ClientHashProgram.program(ClientShare(oneOutOf: 1, seed: 0)), values: operands.map(\.range))
        }

        @inline(__always)
        static func encode(_ share: ClientShare, to arena: ByteArena) {
            for operand in ClientHashProgram.operands(share) { arena.append(operand) }
        }

        static func match(_ data: ExtensionData) -> Match? {
            guard data.family == .ipv6, data[count] == ClientHashProgram.length else { return nil }
            return ClientHashProgram.share(operands.map { data[$0] }).map(Match.clients)
        }
    }
}

extension BPFExtension: DescribedMatch {
    static func describe(_ data: ExtensionData) -> MatchDescription? {
        var match = MatchDescription("bpf", .undecidable)
        switch data[mode] {
        case 0:  // XT_BPF_MODE_BYTECODE
            guard (1...(program.range.count / instructionLength)).contains(Int(data[count])) else { return nil }
            let instructions = (0..<Int(data[count])).map { index in
                let place = Instruction(index)
                let jumps = "\(data[place.jumpTrue]) \(data[place.jumpFalse])"
                return "\(data[place.code]) \(jumps) \(data[place.operand])"
            }
            match.text.add("--bytecode", "\"\(data[count]),\(instructions.joined(separator: ","))\"")
        case 1:  // XT_BPF_MODE_FD_PINNED
            guard let path = data.text(program) else { return nil }
            match.text.add("--object-pinned", path)
        default: return nil
        }
        return match
    }
}

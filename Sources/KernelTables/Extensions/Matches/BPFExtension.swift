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

    /// Of all programs, our language has the one that compares both addresses, so nothing in the data differs.
    static func form(_ family: IPFamily) -> ExtensionForm {
        let instructions = SameAddressProgram.instructions(family)
        var constants = [ExtensionForm.Constant(count, UInt16(instructions.count))]
        for (index, instruction) in instructions.enumerated() {
            let offset = program.range.lowerBound + index * instructionLength
            constants += [
                .init(Member<UInt16>(at: offset), instruction.code),
                .init(Member<UInt8>(at: offset + 2), instruction.jumpTrue),
                .init(Member<UInt8>(at: offset + 3), instruction.jumpFalse),
                .init(Member<UInt32>(at: offset + 4), instruction.operand),
            ]
        }
        return ExtensionForm(userLength: program.range.upperBound, constants: constants)
    }

    static func match(_ data: ExtensionData) -> Match? { .sameAddresses }
}

extension BPFExtension: DescribedMatch {
    static func describe(_ data: ExtensionData) -> MatchDescription? {
        var match = MatchDescription("bpf", .undecidable)
        switch data[mode] {
        case 0:  // XT_BPF_MODE_BYTECODE
            guard (1...(program.range.count / instructionLength)).contains(Int(data[count])) else { return nil }
            let instructions = (0..<Int(data[count])).map { index in
                let offset = program.range.lowerBound + index * instructionLength
                let code = data[Member<UInt16>(at: offset)]
                let (jumpTrue, jumpFalse) = (data[Member<UInt8>(at: offset + 2)], data[Member<UInt8>(at: offset + 3)])
                return "\(code) \(jumpTrue) \(jumpFalse) \(data[Member<UInt32>(at: offset + 4)])"
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

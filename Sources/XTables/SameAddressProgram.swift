// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The program that lets packets match whose source address is their destination address.
///
/// iptables has no match for that. The program is of the classic Berkeley packet filter (linux/filter.h), whose bytes begin
/// with the IP header (xt_bpf.c): both addresses are compared word by word.
package enum SameAddressProgram {
    /// One instruction (`struct sock_filter`).
    package struct Instruction: Hashable, Sendable {
        package let code: UInt16
        /// How many instructions to leave out if a comparison says yes, and if it says no.
        package let jumpTrue: UInt8
        package let jumpFalse: UInt8
        package let operand: UInt32
    }

    /// The instructions for a family.
    package static func instructions(_ family: IPFamily) -> [Instruction] {
        let words = family.addressBits / 32
        let (source, destination) = addressOffsets(family)
        var program: [Instruction] = []
        for word in 0..<UInt32(words) {
            // The last instruction is "no"; the comparison is the fourth of four instructions for each word.
            let behind = UInt8(words * 4 + 2) - UInt8(word * 4 + 4)
            program += [
                Instruction(code: Code.loadWord, jumpTrue: 0, jumpFalse: 0, operand: source + word * 4),
                Instruction(code: Code.toIndex, jumpTrue: 0, jumpFalse: 0, operand: 0),
                Instruction(code: Code.loadWord, jumpTrue: 0, jumpFalse: 0, operand: destination + word * 4),
                Instruction(code: Code.jumpIfEqual, jumpTrue: 0, jumpFalse: behind - 1, operand: 0),
            ]
        }
        return program + [
            Instruction(code: Code.return, jumpTrue: 0, jumpFalse: 0, operand: UInt32(UInt16.max)),
            Instruction(code: Code.return, jumpTrue: 0, jumpFalse: 0, operand: 0),
        ]
    }

    /// The program as the option `--bytecode` takes it.
    package static func text(_ family: IPFamily) -> String {
        let instructions = instructions(family)
        let words = instructions.map { "\($0.code) \($0.jumpTrue) \($0.jumpFalse) \($0.operand)" }
        return "\(instructions.count),\(words.joined(separator: ","))"
    }

    /// Where source and destination address stand in the IP header (RFC 791, RFC 8200).
    private static func addressOffsets(_ family: IPFamily) -> (source: UInt32, destination: UInt32) {
        switch family {
        case .ipv4: (12, 16)
        case .ipv6: (8, 24)
        }
    }

    private enum Code {
        /// BPF_LD | BPF_W | BPF_ABS: a word of the packet into the accumulator.
        static let loadWord: UInt16 = 32
        /// BPF_MISC | BPF_TAX: the accumulator into the index register.
        static let toIndex: UInt16 = 7
        /// BPF_JMP | BPF_JEQ | BPF_X: whether accumulator and index register are equal.
        static let jumpIfEqual: UInt16 = 29
        /// BPF_RET | BPF_K: the answer, 0 for "no".
        static let `return`: UInt16 = 6
    }
}

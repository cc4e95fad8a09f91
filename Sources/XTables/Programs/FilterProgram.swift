// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// A program of the classic Berkeley packet filter (linux/filter.h), as the match xt_bpf runs it: over a packet that begins with
/// its IP header, and with the answer 0 for "no".
package struct FilterProgram: Hashable, Sendable {
    /// One instruction (`struct sock_filter`).
    package struct Instruction: Hashable, Sendable {
        package let code: UInt16
        /// How many instructions to leave out if a comparison says yes, and if it says no.
        package var jumpTrue: UInt8 = 0
        package var jumpFalse: UInt8 = 0
        package var operand: UInt32 = 0
    }

    /// The most instructions that the match takes (`XT_BPF_MAX_NUM_INSTR`, linux/netfilter/xt_bpf.h).
    package static let maximumLength = 64

    package let instructions: [Instruction]

    init(_ instructions: [Instruction]) {
        precondition((1...Self.maximumLength).contains(instructions.count), "a program that xt_bpf does not take")
        self.instructions = instructions
    }

    /// Reads the program as the option `--bytecode` takes it; `nil` if it is none.
    init?(text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let instructions = parts.dropFirst().compactMap { Instruction(text: $0) }
        guard (1...Self.maximumLength).contains(instructions.count), parts.count == instructions.count + 1,
            parts.first.flatMap({ Int($0) }) == instructions.count
        else { return nil }
        self.instructions = instructions
    }

    /// The program as the option `--bytecode` takes it.
    var text: String {
        var bytes: [UInt8] = []
        appendText(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the program as the option `--bytecode` takes and iptables-save prints it, without quotes.
    func appendText(to bytes: inout [UInt8]) {
        bytes.appendDecimal(UInt32(instructions.count))
        for instruction in instructions {
            bytes.append(UInt8(ascii: ","))
            bytes.appendDecimal(UInt32(instruction.code))
            for number in [UInt32(instruction.jumpTrue), UInt32(instruction.jumpFalse), instruction.operand] {
                bytes.append(UInt8(ascii: " "))
                bytes.appendDecimal(number)
            }
        }
    }
}

extension FilterProgram.Instruction {
    fileprivate init?(text: Substring) {
        let numbers = text.split(separator: " ", omittingEmptySubsequences: false).map { UInt32($0) }
        guard numbers.count == 4, let code = numbers[0].flatMap({ UInt16(exactly: $0) }),
            let jumpTrue = numbers[1].flatMap({ UInt8(exactly: $0) }),
            let jumpFalse = numbers[2].flatMap({ UInt8(exactly: $0) }), let operand = numbers[3]
        else { return nil }
        self.init(code: code, jumpTrue: jumpTrue, jumpFalse: jumpFalse, operand: operand)
    }

    // MARK: The instructions that our programs have

    // There are two registers: the accumulator, which is calculated with, and the index register.

    /// A word of the packet, at this place, into the accumulator (BPF_LD | BPF_W | BPF_ABS); the packet does not match if it is
    /// shorter.
    static func loadWord(at offset: UInt32) -> Self { Self(code: 32, operand: offset) }
    /// A number into the index register (BPF_LDX | BPF_IMM).
    static func setIndex(_ number: UInt32) -> Self { Self(code: 1, operand: number) }
    /// The accumulator into the index register (BPF_MISC | BPF_TAX).
    static let copyToIndex = Self(code: 7)
    /// The bits in which accumulator and index register differ (BPF_ALU | BPF_XOR | BPF_X).
    static let exclusiveOrIndex = Self(code: 172)
    /// The accumulator plus a number, the lower 32 bits (BPF_ALU | BPF_ADD | BPF_K).
    static func add(_ number: UInt32) -> Self { Self(code: 4, operand: number) }
    /// The accumulator times a number, the lower 32 bits (BPF_ALU | BPF_MUL | BPF_K).
    static func multiply(_ number: UInt32) -> Self { Self(code: 36, operand: number) }
    /// The accumulator without its lowest bits (BPF_ALU | BPF_RSH | BPF_K).
    static func shiftRight(_ bits: UInt32) -> Self { Self(code: 116, operand: bits) }
    /// Leaves out so many instructions unless accumulator and index register are equal (BPF_JMP | BPF_JEQ | BPF_X).
    static func skipUnlessEqual(_ count: UInt8) -> Self { Self(code: 29, jumpFalse: count) }
    /// Leaves out one instruction if the accumulator is greater than a number, both without a sign (BPF_JMP | BPF_JGT | BPF_K).
    static func skipOneIfGreater(than number: UInt32) -> Self { Self(code: 37, jumpTrue: 1, operand: number) }
    /// The end, with the answer whether the packet matches (BPF_RET | BPF_K).
    static func answer(_ matches: Bool) -> Self { Self(code: 6, operand: answerOperand(matches)) }

    /// The operand of the end with this answer.
    package static func answerOperand(_ matches: Bool) -> UInt32 { matches ? UInt32(UInt16.max) : 0 }
}

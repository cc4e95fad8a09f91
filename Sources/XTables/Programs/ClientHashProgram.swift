// SPDX-License-Identifier: Apache-2.0

import NetworkTypes

/// The program that lets IPv6 packets match whose source address is in a share of all clients.
///
/// It is what xt_cluster is for IPv4. Of an IPv6 address xt_cluster hashes the first four bytes only (`xt_cluster_hash_ipv6` of
/// net/netfilter/xt_cluster.c divides the number of words by the length of one), which the clients of a cluster have in common.
///
/// Each of the four words is mixed into what became of those before it: by a multiplication, whose upper bits depend on all bits
/// below, and by a shift that brings them down again. The beginning is the seed. It comes in once more behind the last word:
/// otherwise, clients that follow each other would have the same hashes for two seeds, in another order, if those seeds differ in
/// the lowest bits only. Two more multiplications let each bit of the address change each bit of the upper half. The multipliers
/// are those of the functions with the least bias in Christopher Wellons' search (https://github.com/skeeto/hash-prospector).
package enum ClientHashProgram {
    private static let wordMultiplier: UInt32 = 0x21f0_aaad
    private static let lastMultipliers: (UInt32, UInt32) = (0xd35a_2d97, 0x735a_2d97)
    private static let shift: UInt32 = 15
    /// Where the source address stands in the IPv6 header, and how many words it has (RFC 8200, section 3).
    private static let (offset, wordCount): (UInt32, UInt32) = (8, 4)

    package static func program(_ share: ClientShare) -> FilterProgram {
        let mixBits: [FilterProgram.Instruction] = [.copyToIndex, .shiftRight(shift), .exclusiveOrIndex]
        var program: [FilterProgram.Instruction] = [.setIndex(share.seed)]
        for word in 0..<wordCount {
            if word > 0 { program.append(.copyToIndex) }
            program += [.loadWord(at: offset + word * 4), .exclusiveOrIndex, .multiply(wordMultiplier)] + mixBits
        }
        program += [.add(share.seed), .multiply(lastMultipliers.0)] + mixBits + [.multiply(lastMultipliers.1)]
        return FilterProgram(
            program + [
                .skipOneIfGreater(than: share.lastHash), .answer(!share.isInverted), .answer(share.isInverted),
            ])
    }

    /// The hash of a client's address, as the program calculates it.
    package static func hash(_ client: IPAddress, seed: UInt32) -> UInt32 {
        var hash = mixed(seed, client.high &>> 32)
        hash = mixed(hash, client.high)
        hash = mixed(hash, client.low &>> 32)
        hash = mixed(hash, client.low)
        return mixedBits((hash &+ seed) &* lastMultipliers.0) &* lastMultipliers.1
    }

    /// The hash so far, with one more word of the address: the lower half of `word`.
    private static func mixed(_ hash: UInt32, _ word: UInt64) -> UInt32 {
        mixedBits((hash ^ UInt32(truncatingIfNeeded: word)) &* wordMultiplier)
    }

    private static func mixedBits(_ number: UInt32) -> UInt32 { number ^ number &>> shift }

    // MARK: What differs from share to share

    /// How many instructions the program has for each share.
    package static let length = template.instructions.count
    /// The instructions whose operands differ from share to share, ascending; all else is the same.
    package static let operandPlaces = seedPlaces + [length - 3, length - 2, length - 1]

    private static let templateSeed: UInt32 = 0x5eed_5eed
    private static let template = program(ClientShare(oneOutOf: 2, seed: templateSeed))
    private static let seedPlaces = template.instructions.indices.filter {
        template.instructions[$0].operand == templateSeed
    }

    /// The operands at ``operandPlaces`` for a share: the seed, twice; the last hash of the share; what is answered in the share,
    /// and outside of it.
    package static func operands(_ share: ClientShare) -> [UInt32] {
        let answers = [!share.isInverted, share.isInverted].map(FilterProgram.Instruction.answerOperand)
        return [share.seed, share.seed, share.lastHash] + answers
    }

    /// The share with these operands, in the order of ``operands(_:)``; `nil` if none has them.
    package static func share(_ operands: [UInt32]) -> ClientShare? {
        guard operands.count == operandPlaces.count, operands[2] > 0 else { return nil }
        let count = Int(UInt32.max / operands[2])
        guard (1...ClientShare.maximumCount(.ipv6)).contains(count) else { return nil }
        let isInverted = operands[3] == FilterProgram.Instruction.answerOperand(false)
        let share = ClientShare(oneOutOf: count, seed: operands[0], isInverted: isInverted)
        return self.operands(share) == operands ? share : nil
    }

    /// The share whose program it is; `nil` if it is another program.
    static func share(of program: FilterProgram) -> ClientShare? {
        guard program.instructions.count == length,
            let share = share(operandPlaces.map { program.instructions[$0].operand }), Self.program(share) == program
        else { return nil }
        return share
    }
}

extension ClientShare {
    /// The greatest hash in the share: as xt_cluster has it, those whose product with the number of shares has no bit above the
    /// lowest 32.
    fileprivate var lastHash: UInt32 { UInt32.max / UInt32(count) }
}

// SPDX-License-Identifier: Apache-2.0

import XTables

/// Numbers for the rules of both sides of a chain: equal numbers for equal rules.
struct RuleNumbers {
    private(set) var kernel: [Int] = []
    private(set) var desired: [Int] = []

    /// Numbers entries of the kernel and desired rules; foreign entries are equal to nothing.
    init(_ entries: [KernelEntry], _ rules: Range<Int>, of table: EncodedTable, _ decoder: EntryDecoder) {
        var numbers: [DecodedRule: Int] = [:]
        func number(_ rule: DecodedRule) -> Int {
            if let number = numbers[rule] { return number }
            numbers[rule] = numbers.count
            return numbers.count - 1
        }
        // Decoded from bytes on both sides: rules that are written differently can be the same bytes.
        desired = rules.map { rule in table.withKernelEntry(of: rule) { number(decoder.decode($0)) } }
        var foreignCount = 0
        kernel = entries.map { entry in
            let rule = decoder.decode(entry)
            if case .known = rule { return number(rule) }
            foreignCount += 1
            return -foreignCount
        }
    }

    /// How many rules both sides have in common, wherever they stand.
    var commonCount: Int {
        var counts: [Int: Int] = [:]
        for number in kernel { counts[number, default: 0] += 1 }
        var common = 0
        for number in desired {
            guard let count = counts[number], count > 0 else { continue }
            counts[number] = count - 1
            common += 1
        }
        return common
    }
}

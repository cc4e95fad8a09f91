// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import KernelTables

@Suite("Which rules stay")
struct RuleAlignmentTests {
    @Test(
        "as many as possible",
        arguments: [
            ([], [], 0), ([1], [], 0), ([], [1], 0), ([1, 2, 3], [1, 2, 3], 3), ([1, 2, 3], [3, 1, 2], 2),
            ([1, 2, 3, 4], [4, 3, 2, 1], 1), ([1, 1, 2], [1, 2, 1], 2), ([5, 1, 2, 6, 3], [1, 2, 3], 3),
            ([1, 2, 1, 2], [2, 1, 2, 1], 3),
        ] as [([Int], [Int], Int)])
    func kept(kernel: [Int], desired: [Int], count: Int) {
        #expect(RuleAlignment.kept(kernel: kernel, desired: desired).count == count)
    }

    @Test("a common subsequence, and a longest one for lists with few repetitions")
    func random() {
        for _ in 0..<300 {
            let kernel = (0..<Int.random(in: 0...12)).map { _ in Int.random(in: 0...8) }
            let desired = (0..<Int.random(in: 0...12)).map { _ in Int.random(in: 0...8) }
            let kept = RuleAlignment.kept(kernel: kernel, desired: desired)
            #expect(kept.map { kernel[$0.kernel] } == kept.map { desired[$0.desired] })
            #expect(zip(kept, kept.dropFirst()).allSatisfy { $0.kernel < $1.kernel && $0.desired < $1.desired })
            #expect(kept.count == longest(kernel, desired))
        }
    }

    @Test("quickly, for lists of ten thousand and for lists of one rule repeated")
    func large() {
        let ascending = Array(0..<10_000)
        #expect(RuleAlignment.kept(kernel: ascending, desired: ascending.reversed()).count == 1)
        let rotated = Array(ascending.dropFirst(10)) + ascending.prefix(10)
        #expect(RuleAlignment.kept(kernel: ascending, desired: rotated).count == 9_990)
        let repeated = [Int](repeating: 1, count: 10_000)
        #expect(RuleAlignment.kept(kernel: repeated, desired: repeated).count == 10_000)
    }

    /// The length of a longest common subsequence, by the textbook.
    private func longest(_ left: [Int], _ right: [Int]) -> Int {
        var row = [Int](repeating: 0, count: right.count + 1)
        for value in left {
            var diagonal = 0
            for (index, other) in right.enumerated() {
                let above = row[index + 1]
                row[index + 1] = value == other ? diagonal + 1 : max(above, row[index])
                diagonal = above
            }
        }
        return row[right.count]
    }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Inspection

@Suite("A table") struct TextTableTests {
    private func lines(_ table: TextTable, _ style: ReportStyle = ReportStyle()) -> [String] {
        var lines: [String] = []
        table.write(style) { lines.append($0) }
        return lines
    }

    @Test("aligns texts on the left and numbers on the right, without spaces at the end of lines")
    func alignment() {
        var table = TextTable([.init(heading: "NAME"), .init(heading: "N", isRightAligned: true), .init(heading: "X")])
        table.append([.init("a"), .init("1"), .init("")])
        table.append([.init("longer"), .init("1000"), .init("ü")])
        #expect(lines(table) == ["NAME       N  X", "a          1  -", "longer  1000  ü"])
    }

    @Test("measures texts as they are written: escaped, and never thousands of characters long")
    func hostileTexts() {
        var table = TextTable([.init(heading: "A", minimum: 10), .init(heading: "B"), .init(heading: "C")])
        table.append([.init("\u{1b}[2J"), .init("b"), .init("c")])
        table.append([.init("plain"), .init("b"), .init("c")])
        #expect(lines(table) == ["A          B  C", "\\u{1b}[2J  b  c", "plain      b  c"])
        let long = String(repeating: "ü", count: 200_000)
        table.append([.init(long), .init("b"), .init("c")])
        let clock = ContinuousClock()
        let duration = clock.measure {
            #expect(lines(table).allSatisfy { $0.count <= ReportStyle.width })
            #expect(lines(table, ReportStyle(isWide: true)).allSatisfy { $0.count < 5_000 })
        }
        #expect(duration < .seconds(1), "\(duration)")
    }

    @Test("cuts the widest texts to fit 100 columns, and then leaves columns out")
    func fitting() {
        var table = TextTable([
            .init(heading: "A", minimum: 10), .init(heading: "B", minimum: 20, surplusRank: 1), .init(heading: "C"),
        ])
        let long = String(repeating: "x", count: 60)
        table.append([.init(long), .init(long), .init("end")])
        #expect(lines(table)[1].count == 100)
        #expect(lines(table)[1].hasSuffix("…  end"))
        #expect(lines(table, ReportStyle(isWide: true))[1] == "\(long)  \(long)  end")

        var crowded = TextTable([
            .init(heading: "A"), .init(heading: "B", surplusRank: 2), .init(heading: "C", surplusRank: 1),
        ])
        crowded.append([.init(long), .init(long), .init("end")])
        #expect(lines(crowded) == ["A\(String(repeating: " ", count: 61))C", "\(long)  end"])
    }

    @Test("leaves out empty columns only if it does not fit")
    func emptyColumns() {
        var table = TextTable([.init(heading: "A"), .init(heading: "B", surplusRank: 1), .init(heading: "C")])
        table.append([.init("a"), .init(nil), .init("c")])
        #expect(lines(table)[0] == "A  B  C")
        table.append([.init(String(repeating: "x", count: 96)), .init(nil), .init("c")])
        #expect(lines(table)[0] == "A\(String(repeating: " ", count: 97))C")
    }
}

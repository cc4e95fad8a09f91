// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Numbers anywhere in the packet (`struct xt_u32`, linux/netfilter/xt_u32.h).
enum U32Extension: MatchExtension {
    static let signature = ExtensionSignature("u32", revision: 0, dataLength: 1984)

    /// Tests, and places and values in one (`XT_U32_MAXSIZE + 1`).
    private static let limit = 11
    /// `struct xt_u32_test`: places of eight bytes, values of eight bytes, the number of each.
    private static let testLength = 180
    private static let valuesOffset = 88
    private static let placeCountOffset = 176
    private static let valueCountOffset = 177
    private static let testCount = Member<UInt8>(at: 1980)
    private static let invert = Member<UInt8>(at: 1981)

    /// `enum xt_u32_ops`.
    private static let operators: [UInt8: String] = [0: "&", 1: "<<", 2: ">>", 3: "@"]

    /// Of all tests, our language has those that find a refused connection, so nothing in the data differs.
    static func form(_ family: IPFamily) -> ExtensionForm {
        let tests = RefusalPattern.tests(family)
        var constants = [ExtensionForm.Constant(testCount, UInt8(tests.count))]
        for (number, test) in tests.enumerated() {
            let start = number * testLength
            for (index, place) in test.places.enumerated() {
                constants.append(.init(Member<UInt32>(at: start + index * 8), place.operand))
                constants.append(.init(Member<UInt8>(at: start + index * 8 + 4), place.operation.rawValue))
            }
            constants += [
                .init(Member<UInt32>(at: start + valuesOffset), test.value),
                .init(Member<UInt32>(at: start + valuesOffset + 4), test.value),
                .init(Member<UInt8>(at: start + placeCountOffset), UInt8(test.places.count)),
                .init(Member<UInt8>(at: start + valueCountOffset), 1),
            ]
        }
        return ExtensionForm(userLength: invert.range.upperBound, constants: constants)
    }

    static func match(_ data: ExtensionData) -> Match? { .refusal }
}

extension U32Extension: DescribedMatch {
    static func describe(_ data: ExtensionData) -> MatchDescription? {
        guard let isInverted = data.flag(invert), (1...limit).contains(Int(data[testCount])) else { return nil }
        var tests: [String] = []
        for index in 0..<Int(data[testCount]) {
            guard let test = test(data, at: index * testLength) else { return nil }
            tests.append(test)
        }
        var match = MatchDescription("u32", .undecidable)
        match.text.add("--u32", "\"\(tests.joined(separator: "&&"))\"", isInverted: isInverted)
        return match
    }

    private static func test(_ data: ExtensionData, at offset: Int) -> String? {
        let placeCount = Int(data[Member<UInt8>(at: offset + placeCountOffset)])
        let valueCount = Int(data[Member<UInt8>(at: offset + valueCountOffset)])
        guard (1...limit).contains(placeCount), (1...limit).contains(valueCount) else { return nil }
        var text = ""
        for index in 0..<placeCount {
            let place = offset + index * 8
            if index > 0 {
                guard let operation = operators[data[Member<UInt8>(at: place + 4)]] else { return nil }
                text += operation
            }
            text += SaveWords.hexadecimal(data[Member<UInt32>(at: place)])
        }
        let values = (0..<valueCount).map { index in
            let value = offset + valuesOffset + index * 8
            let (low, high) = (data[Member<UInt32>(at: value)], data[Member<UInt32>(at: value + 4)])
            let first = SaveWords.hexadecimal(low)
            return low == high ? first : "\(first):\(SaveWords.hexadecimal(high))"
        }
        return "\(text)=\(values.joined(separator: ","))"
    }
}

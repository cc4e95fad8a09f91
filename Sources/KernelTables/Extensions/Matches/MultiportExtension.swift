// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import XTables

/// Several ports and ranges of them (`struct xt_multiport_v1`, linux/netfilter/xt_multiport.h).
enum MultiportExtension: DescribedMatch {
    static let signature = ExtensionSignature("multiport", revision: 1, dataLength: 48)

    private static let portLimit = 15
    private static let side = Member<UInt8>(at: 0)
    private static let count = Member<UInt8>(at: 1)
    private static let ports = 2
    /// `pflags`: whether a port and the next one are the ends of a range.
    private static let rangeFlags = MemberBytes(at: 32, length: portLimit)
    private static let invert = Member<UInt8>(at: 47)

    /// `enum xt_multiport_flags`.
    private static let sides: [UInt8: (option: String, side: PortSide)] = [
        0: ("--sports", .source), 1: ("--dports", .destination), 2: ("--ports", .either),
    ]

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        let count = Int(data[count])
        guard let (option, side) = sides[data[side]], (1...portLimit).contains(count),
            let isInverted = data.flag(invert)
        else { return nil }
        let isRange = data[rangeFlags]
        var ranges: [ClosedRange<UInt16>] = []
        var words: [String] = []
        var index = 0
        while index < count {
            let low = port(data, index)
            if isRange[index] == 0 {
                ranges.append(low...low)
                words.append("\(low)")
            } else {
                index += 1
                guard index < count, low <= port(data, index) else { return nil }
                let high = port(data, index)
                ranges.append(low...high)
                words.append("\(low):\(high)")
            }
            index += 1
        }
        var match = MatchDescription("multiport")
        match.text.add(option, words.joined(separator: ","), isInverted: isInverted)
        match.conditions.all.append(.ports(side, ranges, isInverted: isInverted))
        return match
    }

    private static func port(_ data: ExtensionData, _ index: Int) -> UInt16 {
        data[Member<UInt16>(at: ports + 2 * index)]
    }
}

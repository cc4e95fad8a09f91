// SPDX-License-Identifier: Apache-2.0

import Glibc
import NetworkTypes
import XTables

/// The time of day, of the week and of the year (`struct xt_time_info`, linux/netfilter/xt_time.h).
enum TimeExtension: DescribedMatch {
    static let signature = ExtensionSignature("time", revision: 0, dataLength: 24)

    private static let firstDate = Member<UInt32>(at: 0)
    private static let lastDate = Member<UInt32>(at: 4)
    private static let dayStart = Member<UInt32>(at: 8)
    private static let dayEnd = Member<UInt32>(at: 12)
    private static let monthDays = Member<UInt32>(at: 16)
    private static let weekDays = Member<UInt8>(at: 20)
    private static let flags = Member<UInt8>(at: 21)

    // Flags (`XT_TIME_*`).
    private static let localTime: UInt8 = 1 << 0
    private static let contiguous: UInt8 = 1 << 1

    private static let lastSecond: UInt32 = 24 * 60 * 60 - 1
    private static let everyMonthDay: UInt32 = 0xffff_fffe
    private static let everyWeekDay: UInt8 = 0xfe

    private static let monthDayNames = BitNames<UInt32>(
        (1...31).map { (day: Int) -> (bit: UInt32, name: String) in (UInt32(1) << UInt32(day), String(day)) })

    private static let weekDayNames = BitNames<UInt8>([
        (1 << 1, "Mon"), (1 << 2, "Tue"), (1 << 3, "Wed"), (1 << 4, "Thu"), (1 << 5, "Fri"), (1 << 6, "Sat"),
        (1 << 7, "Sun"),
    ])

    static func describe(_ data: ExtensionData) -> MatchDescription? {
        guard data[flags] & ~0x3 == 0, data[dayStart] <= lastSecond, data[dayEnd] <= lastSecond else { return nil }
        var match = MatchDescription("time", .undecidable)
        if data[dayStart] != 0 || data[dayEnd] != lastSecond {
            match.text.add("--timestart", timeOfDay(data[dayStart]))
            match.text.add("--timestop", timeOfDay(data[dayEnd]))
        }
        if data[monthDays] != everyMonthDay {
            guard let names = monthDayNames.text(data[monthDays]) else { return nil }
            match.text.add("--monthdays", names)
        }
        if data[weekDays] != everyWeekDay {
            guard let names = weekDayNames.text(data[weekDays]) else { return nil }
            match.text.add("--weekdays", names)
        }
        if data[firstDate] != 0 { match.text.add("--datestart", date(data[firstDate])) }
        if data[lastDate] != 0 { match.text.add("--datestop", date(data[lastDate])) }
        if data[flags] & localTime != 0 { match.text.add("--kerneltz") }
        if data[flags] & contiguous != 0 { match.text.add("--contiguous") }
        return match
    }

    private static func timeOfDay(_ seconds: UInt32) -> String {
        [seconds / 3600, seconds / 60 % 60, seconds % 60].map { SaveWords.padded("\($0)", 2) }.joined(separator: ":")
    }

    /// A time in UTC.
    private static func date(_ seconds: UInt32) -> String {
        var seconds = time_t(seconds)
        var date = tm()
        gmtime_r(&seconds, &date)
        let words = [date.tm_mon + 1, date.tm_mday].map { SaveWords.padded("\($0)", 2) }
        let time = timeOfDay(UInt32(seconds % 86400))
        return "\(date.tm_year + 1900)-\(words.joined(separator: "-"))T\(time)"
    }
}

// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ProxyConfiguration

@Suite("Numbers on the command line, as pflag reads them")
struct GoNumberTests {
    @Test(
        "whole numbers",
        arguments: [
            ("14", 14), ("016", 14), ("0o16", 14), ("0O16", 14), ("0xe", 14), ("0XE", 14), ("0b1110", 14),
            ("-016", -14),
            ("+14", 14), ("0", 0), ("00", 0), ("1_4", 14), ("0_16", 14), ("0x_e", 14), ("1_000", 1000),
            ("9223372036854775807", .max), ("-9223372036854775808", .min),
        ])
    func integers(text: String, expected: Int64) {
        #expect(GoNumber.integer(text) == expected)
    }

    @Test(
        "no numbers",
        arguments: [
            "", "-", "+", "x", "08", "0x", "0b2", "1__0", "_1", "1_", "0x1_", "1.0", "1e3", " 1", "1 ", "--1", "+-1",
            "0x-1",
            "9223372036854775808", "１",
        ])
    func invalid(text: String) {
        #expect(GoNumber.integer(text) == nil)
    }

    @Test("numbers with a fraction", arguments: [("50", 50), ("0.5", 0.5), ("1_0.5", 10.5), ("1e3", 1000)])
    func decimals(text: String, expected: Double) {
        #expect(GoNumber.decimal(text) == expected)
        #expect(GoNumber.decimal(text + "_") == nil)
    }

    @Test("a masquerade bit of 016 is bit 14")
    func masqueradeBit() throws {
        for text in ["016", "0xe", "0b1110", "14"] {
            var options = ProxyOptions()
            let option = try #require(ProxyOption.all.first { $0.flag == "iptables-masquerade-bit" })
            try option.apply(text, to: &options)
            #expect(options.masqueradeBit == 14)
        }
    }
}

@Suite("Durations on the command line")
struct OptionDurationTests {
    @Test(
        "what is wrong names what to write",
        arguments: [
            ("30", "invalid duration \"30\": the unit is missing; write 30s"),
            ("-1s", "invalid duration \"-1s\": must not be negative"),
            ("soon", "invalid duration \"soon\": must be a duration such as 30s, 1m30s or 500ms"),
            ("", "invalid duration \"\": must be a duration such as 30s, 1m30s or 500ms"),
        ])
    func durations(text: String, expected: String) {
        let error = #expect(throws: OptionError.self) { try OptionParsing.duration(text, option: "x") }
        #expect(error.map { "\($0)".contains(expected) } == true)
    }
}

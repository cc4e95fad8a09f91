// SPDX-License-Identifier: Apache-2.0

import Messages
import NetworkTypes
import RuleCompiler
import ServiceModel
import Testing

@testable import ProxyConfiguration

/// Names of interfaces go into rules as they are, without quotes.
@Suite("Names of interfaces") struct InterfaceNameTests {
    private enum Option: CaseIterable {
        case bridge, prefix

        var name: String {
            switch self {
            case .bridge: "--pod-bridge-interface (detectLocal.bridgeInterface)"
            case .prefix: "--pod-interface-name-prefix (detectLocal.interfaceNamePrefix)"
            }
        }

        var limit: Int { self == .bridge ? 15 : 14 }

        func detector(_ text: String) throws -> LocalDetector {
            var options = ProxyOptions()
            switch self {
            case .bridge:
                options.detectLocalMode = .bridgeInterface
                options.podBridgeInterface = text
            case .prefix:
                options.detectLocalMode = .interfaceNamePrefix
                options.podInterfaceNamePrefix = text
            }
            return try options.settings(node: Node(name: "n1"), interfaceAddresses: []).ipv4LocalDetector
        }
    }

    @Test("that the kernel and iptables-restore take are used as they are")
    func accepted() throws {
        for name in ["cbr0", "br-0.100@x", "a", "%d", "+a", "!a", "-j", "~", "abcdefghijklmn"] {
            #expect(try Option.bridge.detector(name) == .bridgeInterface(name))
            #expect(try Option.prefix.detector(name) == .interfacePrefix(name))
        }
        #expect(try Option.bridge.detector("abcdefghijklmno") == .bridgeInterface("abcdefghijklmno"))
        for prefix in [".", "..", "!"] { #expect(try Option.prefix.detector(prefix) == .interfacePrefix(prefix)) }
    }

    @Test(
        "that could be mistaken for others, or for other words, are refused with the option's name",
        arguments: [
            "cbr\u{ff11}", "c\u{431}r0", "é", "cbr\u{301}", "cbr\u{a0}", "cbr\u{200b}0", "cbr 0", "cbr\t0", "cbr0\n",
            "\u{1}",
            "cbr0\u{7f}", "cbr/0", "cbr0:1", "cbr\"0", "cbr'0", "cbr\\0", "cbr0+", "+", "eth0 -j DROP",
            "abcdefghijklmnop",
        ])
    func refused(text: String) throws {
        for option in Option.allCases {
            let error = #expect(throws: OptionError.self) { try option.detector(text) }
            #expect(
                error?.description
                    == "\(option.name): invalid interface name \(MessageText.quoted(text)): must have 1–\(option.limit) "
                    + "printable ASCII characters, without blanks, quotes, \\, /, : and final +")
        }
    }

    @Test("are no special words", arguments: [".", "..", "!"])
    func special(text: String) throws {
        let error = #expect(throws: OptionError.self) { try Option.bridge.detector(text) }
        #expect(
            error?.description
                == "\(Option.bridge.name): invalid interface name \"\(text)\": must not be ., .. or !")
    }

    @Test("leave a byte for the wildcard behind a prefix")
    func length() {
        #expect(throws: OptionError.self) { try Option.prefix.detector("abcdefghijklmno") }
    }
}

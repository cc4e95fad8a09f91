// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import Testing
import XTables

/// Reads foreign rules in the words of iptables-save, as far as the tests need them.
struct RuleWords {
    let family: IPFamily
    private var entry = ForeignEntry()
    private var isInverted = false

    init(family: IPFamily) { self.family = family }

    /// The rule behind `-A CHAIN`.
    static func rule(_ text: Substring, _ family: IPFamily) -> DecodedRule {
        var reader = RuleWords(family: family)
        var words = text.split(separator: " ").map(String.init)[...]
        while let word = words.popFirst() { reader.take(word, &words) }
        return .foreign(reader.entry)
    }

    private mutating func take(_ word: String, _ words: inout ArraySlice<String>) {
        if word == "!" {
            isInverted = true
            return
        }
        defer { isInverted = false }
        if word == "-m" {
            let name = words.removeFirst()
            // What the other words do not show.
            if ["set", "limit"].contains(name) {
                let text = name == "limit" ? "limit --limit 3/min" : nil
                entry.matches.append(
                    .other(ForeignExtension(name: name, revision: 1, data: [1, 2], text: text), .undecidable))
            }
            return
        }
        let value = words.removeFirst()
        switch word {
        case "-s": entry.source = address(value)
        case "-d": entry.destination = address(value)
        case "-i": entry.inputInterface = interface(value)
        case "-o": entry.outputInterface = interface(value)
        case "-p":
            let numbers: [String: UInt16] = ["icmp": 1, "tcp": 6, "udp": 17, "sctp": 132]
            entry.protocolMatch = ProtocolMatch(numbers[value] ?? 0, isInverted: isInverted)
        case "--dport", "--dports": condition(.ports(.destination, ranges(value), isInverted: isInverted))
        case "--sport": condition(.ports(.source, ranges(value), isInverted: isInverted))
        case "--ports": condition(.ports(.either, ranges(value), isInverted: isInverted))
        case "--ctstate": entry.matches.append(.known(.conntrack(states(value), isInverted: isInverted)))
        case "--dst-type": condition(.addressTypes(.destination, types: types(value), isInverted: isInverted))
        case "--src-type": condition(.addressTypes(.source, types: types(value), isInverted: isInverted))
        case "--dst-range":
            let ends = value.split(separator: "-").compactMap { IPAddress($0) }
            condition(.addresses(.destination, ends[0]...ends[1], isInverted: isInverted))
        case "--syn": condition(.tcpFlags(mask: 0x17, set: 0x02, isInverted: value == "no"))
        case "--mark":
            let numbers = value.split(separator: "/").compactMap { UInt32($0.dropFirst(2), radix: 16) }
            entry.matches.append(.known(.mark(numbers[0], mask: numbers[1], isInverted: isInverted)))
        case "--comment": entry.matches.append(.known(.comment(value.replacing("_", with: " "))))
        case "-g": entry.target = .goto(chain(value))
        case "-j": entry.target = target(value, words.first == "--to-destination" ? words.popFirst() : nil, &words)
        default: Issue.record("unknown word \(word)")
        }
    }

    private func target(_ name: String, _ option: String?, _ words: inout ArraySlice<String>) -> ForeignTarget {
        func other(_ effect: TargetEffect) -> ForeignTarget {
            .other(ForeignExtension(name: name, revision: 0, data: [], text: name), effect)
        }
        switch name {
        case "ACCEPT": return .known(.accept)
        case "DROP": return .known(.drop)
        case "RETURN": return .known(.return)
        case "MARK": return .known(.mark(xor: 1, clearing: 1))
        case "MASQUERADE": return .known(.masquerade(randomFully: false))
        case "QUEUE": return .queue
        case "LOG": return other(.goesOn)
        case "REJECT": return other(.refuses)
        case "NFQUEUE": return other(.leavesTable)
        case "REDIRECT": return other(.translatesDestination(addresses: nil, ports: 8080...8080))
        case "SNAT": return other(.translatesSource(addresses: nil, ports: nil))
        case "DNAT":
            let address = words.popFirst().flatMap { IPAddress($0) } ?? .loopback(family)
            return other(.translatesDestination(addresses: address...address, ports: nil))
        case "SECRET": return other(.unknown)
        default: return .known(.jump(chain(name)))
        }
    }

    private func chain(_ name: String) -> ChainName {
        ChainName(validating: name) ?? "INVALID"
    }

    private mutating func condition(_ condition: PacketCondition) {
        entry.matches.append(
            .other(
                ForeignExtension(name: "x", revision: 0, data: [], text: "x"),
                PacketConditions([condition], isComplete: true)))
    }

    private func address(_ text: String) -> MaskedAddress? {
        guard let range = text.contains("/") ? CIDR(text) : IPAddress(text).map(CIDR.init(host:)) else { return nil }
        return MaskedAddress(
            AddressBits(range.address), mask: AddressBits(high: range.mask.high, low: range.mask.low),
            isInverted: isInverted)
    }

    private func interface(_ text: String) -> InterfaceMatch {
        let isWildcard = text.hasSuffix("+")
        return InterfaceMatch(
            isWildcard ? String(text.dropLast()) : text, isWildcard: isWildcard, isInverted: isInverted)
    }

    private func ranges(_ text: String) -> [ClosedRange<UInt16>] {
        text.split(separator: ",").map { part in
            let ends = part.split(separator: ":").compactMap { UInt16($0) }
            return ends[0]...(ends.last ?? ends[0])
        }
    }

    private func states(_ text: String) -> ConnectionStates {
        let names: [Substring: ConnectionStates] = [
            "NEW": .new, "ESTABLISHED": .established, "RELATED": .related, "INVALID": .invalid, "DNAT": .destinationNAT,
        ]
        return text.split(separator: ",").reduce(into: ConnectionStates()) { $0.formUnion(names[$1] ?? []) }
    }

    private func types(_ text: String) -> UInt16 {
        let names: [Substring: UInt16] = ["UNICAST": 2, "LOCAL": 4, "BROADCAST": 8, "MULTICAST": 32]
        return text.split(separator: ",").reduce(0) { $0 | (names[$1] ?? 0) }
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleEvaluation
import TestSupport
import Testing
import XTables

/// Comparisons of many Services, of which few have to be tried.
@Suite("Rulesets for many Services") struct RulesetPartitionTests {
    private func compare(_ left: [String], _ right: [String]) throws -> RulesetComparison.Result {
        try RulesetComparison(evaluator(left), evaluator(right), on: SampleRules.network).run()
    }

    private func evaluator(_ lines: [String]) throws -> RuleEvaluator {
        try SampleRules.evaluator(lines.joined(separator: "\n") + "\n")
    }

    /// A rule in filter, ahead of all others, by which both rulesets differ for packets to every Service.
    private func adding(_ rule: String, to lines: [String]) throws -> [String] {
        let place = try #require(lines.firstIndex { $0.hasPrefix("-A FORWARD") })
        return Array(lines[..<place]) + [rule] + lines[place...]
    }

    @Test("of one form are compared by as few packets as some of them")
    func classCounts() throws {
        let counts = try [20, 40].map { serviceCount in
            let lines = ServiceRules(services: serviceCount) { _ in .init(endpoints: 3, hasNodePort: true) }.lines
            let result = try compare(lines, adding("-A FORWARD -i lo -j DROP", to: lines))
            #expect(result.difference == nil)
            return result.classCount
        }
        #expect(counts[0] == counts[1] && counts[0] < 1_500, "\(counts)")
    }

    /// A fault in the rules of one Service, by what a line has and what stands there instead.
    private static let alterations: [(old: String, new: String?)] = [
        ("--to-destination 10.244.0.17:8080", "--to-destination 10.244.0.17:8081"),
        ("--to-destination 10.244.0.17:8080", "--to-destination 10.244.0.18:8080"),
        ("-A SEP-8-1 -s 10.244.0.17/32 -j MARK-MASQ", nil),
        ("-A SEP-8-1 -s 10.244.0.17/32", "-A SEP-8-1 -s 10.244.0.18/32"),
        (
            "-A SVC-8 -m statistic --mode random --probability 0.50000000000",
            "-A SVC-8 -m statistic --mode random --probability 0.50000000047"
        ),
        ("-A SERVICES -d 10.96.0.8/32 -p tcp -m tcp --dport 80 -j SVC-8", nil),
        (
            "-A SERVICES -d 10.96.0.8/32 -p tcp -m tcp --dport 80",
            "-A SERVICES -d 10.96.0.8/32 -p udp -m udp --dport 80"
        ),
        ("-A NODEPORTS -p tcp -m tcp --dport 30008 -j EXT-8", nil),
        ("-A NODEPORTS -p tcp -m tcp --dport 30008 -j EXT-8", "-A NODEPORTS -p tcp -m tcp --dport 30008 -j EXT-9"),
        ("-A EXT-8 -j MARK-MASQ", nil),
    ]

    @Test("differ by a fault of one Service, also where filter differs too", arguments: alterations.indices)
    func faults(number: Int) throws {
        let fault = Self.alterations[number]
        let lines = ServiceRules(services: 20) { _ in .init(endpoints: 2, hasNodePort: true) }.lines
        let place = try #require(lines.firstIndex { $0.hasPrefix(fault.old) || $0.contains(fault.old) })
        var faulty = lines
        if let new = fault.new {
            faulty[place] = lines[place].replacing(fault.old, with: new)
        } else {
            faulty.remove(at: place)
        }
        for other in [faulty, try adding("-A FORWARD -i lo -j DROP", to: faulty)] {
            let difference = try #require(try compare(lines, other).difference)
            #expect(difference.left.outcomes != difference.right.outcomes)
        }
    }

    /// Rules that tell apart what otherwise has one form: an endpoint, a range of clients, a port.
    @Test(
        "differ by a rule in filter that packets of one Service meet",
        arguments: [
            "-A FORWARD -d 10.244.0.17/32 -j DROP", "-A FORWARD -d 10.244.0.16/31 -p tcp -m tcp --dport 8080 -j DROP",
            "-A FORWARD -s 10.244.0.17/32 -d 10.244.0.17/32 -m mark --mark 0x4000/0x4000 -j DROP",
            "-A FORWARD -s 10.244.0.17/32 -d 10.244.0.16/32 -m conntrack --ctstate DNAT -j DROP",
        ])
    func filterRules(rule: String) throws {
        let lines = ServiceRules(services: 20) { _ in .init(endpoints: 2, hasNodePort: true) }.lines
        let difference = try #require(try compare(lines, adding(rule, to: lines)).difference)
        #expect(difference.right.outcomes.map(\.outcome.verdict).contains(.dropped))
    }

    @Test("are equal exactly if every packet has the same outcomes", arguments: 0..<16)
    func bruteForce(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed) &+ 77)
        let lines = ServiceRules.random(&random)
        let other = altered(lines, &random)
        guard let right = try? evaluator(other) else { return }
        let left = try evaluator(lines)
        guard let result = try? RulesetComparison(left, right, on: SampleRules.network).run() else { return }
        if let difference = result.difference {
            #expect(difference.left.outcomes != difference.right.outcomes)
            return
        }
        let different = try ServiceRules.packets.first { packet in
            try distribution(left, packet) != distribution(right, packet)
        }
        #expect(different == nil, "\(lines.joined(separator: "\n"))\n\(other.joined(separator: "\n"))")
    }

    private func distribution(_ rules: RuleEvaluator, _ packet: Packet) throws -> [Outcome: Share] {
        try Dictionary(
            uniqueKeysWithValues: rules.evaluate(packet, on: SampleRules.network, recordsPath: false).outcomes.map {
                ($0.outcome, $0.share)
            })
    }

    /// Rules with up to two lines more, less, or in another order, which can make a difference or none.
    private func altered(_ lines: [String], _ random: inout SeededGenerator) -> [String] {
        var other = lines
        for _ in 0..<Int.random(in: 1...2, using: &random) {
            let rules = other.indices.filter { other[$0].hasPrefix("-A") }
            let place = random.pick(rules)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: other.remove(at: place)
            case 1: other.insert(other[place], at: place)
            case 2:
                let forward = other.lastIndex { $0.hasPrefix("-A FORWARD") } ?? place
                let source = ["", "-s 10.244.0.\(Int.random(in: 0...9, using: &random))/32 "]
                other.insert(
                    "-A FORWARD \(random.pick(source))-d 10.244.0.\(Int.random(in: 0...9, using: &random))/32 "
                        + random.pick(["-i lo ", "-m mark --mark 0x4000/0x4000 ", "-p udp ", ""]) + "-j DROP",
                    at: forward)
            case 3:
                let next = min(place + 1, rules.last ?? place)
                if other[place].prefix(8) == other[next].prefix(8) { other.swapAt(place, next) }
            case 4: other[place] = other[place].replacing("8080", with: "8081")
            default:
                other[place] = other[place].replacing(
                    "10.244.0.\(Int.random(in: 0...9, using: &random)):", with: "10.244.0.3:")
            }
        }
        return other
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import NetworkTypes
import RuleEvaluation
import TestSupport
import Testing
import XTables

@Suite("Two rulesets") struct RulesetComparisonTests {
    private func walkthrough() throws -> String {
        let url = Repository.fixtures.appending(path: "walkthrough/expected.rules")
        return try String(contentsOf: url, encoding: .utf8)
    }

    private func compare(_ left: String, _ right: String) throws -> RulesetComparison.Result {
        try RulesetComparison(
            SampleRules.evaluator(left), SampleRules.evaluator(right), on: SampleRules.network
        ).run()
    }

    private func replace(_ old: String, _ new: String, in text: String) -> String {
        #expect(text.contains(old))
        return text.replacingOccurrences(of: old, with: new)
    }

    @Test("are equal whatever chains are called and comments are written")
    func names() throws {
        let rules = try walkthrough()
        var other = replace("KUBE-SVC-JOCJVTCKLKOLHFVR", "OTHER", in: rules)
        other = other.replacing(#/ -m comment --comment (?:"[^"]*"|\S+)/#, with: "")
        let result = try compare(rules, other)
        #expect(result.difference == nil)
    }

    @Test("are equal if they do the same by other rules")
    func otherRules() throws {
        let rules = try walkthrough()
        let rule = "-A KUBE-SERVICES -d 10.108.102.12/32 -p tcp "
        let line = try #require(rules.split(separator: "\n").first { $0.hasPrefix(rule) })
        // The same rule twice, one that no packet meets, and two Services in another order.
        var other = replace(
            String(line), "\(line)\n\(line)\n-A KUBE-SERVICES -s 0.0.0.0/32 ! -s 0.0.0.0/0 -j DROP", in: rules)
        other = replace("-A FORWARD -m comment", "-A FORWARD -i lo -j DROP\n-A FORWARD -m comment", in: other)
        let result = try compare(rules, other)
        #expect(result.difference == nil)
        #expect(result.classCount > 100)
        print("\(result.classCount) classes of packets for 2 Services")
    }

    @Test(
        "differ by a rule, and the packet that shows it is plain in all else",
        arguments: [
            // A port of one endpoint, for the Service's own pods too.
            ("10.244.2.60:80", "10.244.2.60:81"),
            // A share by less than a billionth.
            ("0.33333333349", "0.33333333302"),
            // Packets of others lose their mark.
            ("-A KUBE-SVC-OKJCEJEOAS2LLIDR ! -s 10.244.0.0/16", "-A KUBE-SVC-OKJCEJEOAS2LLIDR -s 10.244.0.0/16"),
            ("! -s 10.244.0.0/16 -d 10.97.218.31/32", "! -s 10.244.0.0/17 -d 10.97.218.31/32"),
            ("--dport 6379 -j KUBE-SVC", "--dport 6380 -j KUBE-SVC"),
            ("--ctstate INVALID -j DROP", "--ctstate INVALID,UNTRACKED -j DROP"),
            ("-A KUBE-SEP-CJMEHRCSRROEHH6Z -s 10.244.1.190/32", "-A KUBE-SEP-CJMEHRCSRROEHH6Z -s 10.244.1.191/32"),
            ("--dst-type LOCAL -j KUBE-NODEPORTS", "--src-type LOCAL -j KUBE-NODEPORTS"),
            ("--set-xmark 0x4000/0x0", "--set-xmark 0x4000/0x4000"),
            (":FORWARD ACCEPT", ":FORWARD ACCEPT"),
        ])
    func differences(old: String, new: String) throws {
        let rules = try walkthrough()
        let result = try compare(rules, replace(old, new, in: rules))
        if old == new || new.hasPrefix("--set-xmark") {
            // What the mark is behind MASQUERADE makes no difference.
            #expect(result.difference == nil)
            return
        }
        let difference = try #require(result.difference)
        #expect(difference.left.outcomes != difference.right.outcomes)
        #expect(difference.packet.mark == 0 && difference.packet.translation == ConnectionTranslation())
        if !old.contains("ctstate") { #expect(difference.packet.state == .new) }
    }

    @Test("differ by the time for which clients keep their endpoint")
    func affinity() throws {
        func rules(_ seconds: Int) -> String {
            """
            *nat
            :SEP - [0:0]
            -A PREROUTING -p tcp -m recent --rcheck --seconds \(seconds) --reap --name SEP --mask 255.255.255.255 --rsource -j SEP
            -A SEP -p tcp -m recent --set --name SEP --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.244.0.1:80
            COMMIT

            """
        }
        #expect(try compare(rules(100), rules(100)).difference == nil)
        let difference = try #require(try compare(rules(100), rules(200)).difference)
        let ages = difference.network.recentClients?["SEP"]?.map(\.value.age) ?? []
        #expect(ages.allSatisfy { $0 > 100 && $0 <= 200 } && ages.count == 1)
        #expect(difference.left.outcomes.map(\.outcome.newDestination) == [nil])
    }

    /// Rules about few addresses, ports and marks, so that all packets can be tried one by one.
    private func randomRules(_ random: inout SeededGenerator) -> String {
        var lines: [String] = []
        func rule(_ chain: String, _ targets: [String]) -> String {
            var words = "-A \(chain)"
            if random.chance(30) {
                words += random.pick(["", " !"]) + " -s 10.0.0.\(random.pick(["0/31", "1/32", "2/31"]))"
            }
            if random.chance(40) {
                words += random.pick(["", " !"]) + " -d 10.0.0.\(random.pick(["1/32", "2/32", "0/30"]))"
            }
            if random.chance(20) { words += " -i eth\(random.pick(["0", "1", "+"]))" }
            if random.chance(50) { words += " -p tcp -m tcp --dport \(random.pick([80, 81]))" }
            if random.chance(15) { words += " -m mark\(random.pick([" !", ""])) --mark 0x1/0x1" }
            if random.chance(10) {
                words += " -m conntrack --ctstate \(random.pick(["NEW", "ESTABLISHED,DNAT", "INVALID"]))"
            }
            if random.chance(15) { words += " -m addrtype --dst-type LOCAL" }
            if random.chance(15) { words += " -m statistic --mode random --probability 0.50000000000" }
            return words + " -j \(random.pick(targets))"
        }
        let verdicts = ["ACCEPT", "DROP", "RETURN", "A"]
        let nat = ["ACCEPT", "RETURN", "B", "DNAT --to-destination 10.0.0.2:81", "MARK --set-xmark 0x1/0x1"]
        lines += ["*filter", ":A - [0:0]"]
        for _ in 0..<Int.random(in: 0...3, using: &random) { lines.append(rule("FORWARD", verdicts)) }
        for _ in 0..<Int.random(in: 0...2, using: &random) { lines.append(rule("A", ["ACCEPT", "DROP"])) }
        lines += ["COMMIT", "*nat", ":B - [0:0]"]
        for _ in 0..<Int.random(in: 0...4, using: &random) { lines.append(rule("PREROUTING", nat)) }
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            lines.append(rule("B", ["RETURN", "DNAT --to-destination 10.0.0.1:80"]))
        }
        return lines.joined(separator: "\n") + "\nCOMMIT\n"
    }

    private static let allPackets: [Packet] = {
        var packets: [Packet] = []
        for source in ["10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.9"] {
            for destination in ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9", "192.168.50.10"] {
                for (port, mark) in [(80, 0), (80, 1), (81, 0), (81, 1), (82, 0), (82, 1)] {
                    for state in [ConnectionState.new, .established, .invalid] {
                        for interface in ["eth0", "eth1", "x"] {
                            var packet = Packet(
                                from: address(source), port: 1, to: AddressPort(address(destination), UInt16(port)),
                                .tcp, origin: .network(interface: interface))
                            packet.state = state
                            packet.mark = UInt32(mark)
                            packets.append(packet)
                        }
                    }
                }
            }
        }
        return packets
    }()

    @Test("that are small are equal exactly if every packet has the same outcomes", arguments: 0..<40)
    func bruteForce(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let (text, network) = (randomRules(&random), SampleRules.network)
        var lines = text.split(separator: "\n").map(String.init)
        let changed = lines.indices.filter { lines[$0].hasPrefix("-A") }
        if let place = changed.randomElement(using: &random) {
            lines.remove(at: place)
            if random.chance(50) { lines.insert(lines[max(place - 1, 2)], at: place) }
        }
        let other = lines.joined(separator: "\n") + "\n"
        guard let right = try? SampleRules.evaluator(other) else { return }
        let left = try SampleRules.evaluator(text)

        func distribution(_ rules: RuleEvaluator, _ packet: Packet) throws -> [Outcome: Share] {
            try Dictionary(
                uniqueKeysWithValues: rules.evaluate(packet, on: network, recordsPath: false).outcomes.map {
                    ($0.outcome, $0.share)
                })
        }
        let different = try Self.allPackets.first { try distribution(left, $0) != distribution(right, $0) }
        let result = try RulesetComparison(left, right, on: network).run()
        if let difference = result.difference {
            #expect(difference.left.outcomes != difference.right.outcomes)
        } else {
            #expect(different == nil, "\(text)\n\(other)")
        }
    }
}

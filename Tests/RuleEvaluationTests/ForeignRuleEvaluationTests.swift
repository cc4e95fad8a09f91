// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import RuleEvaluation
import Testing
import XTables

@Suite("Foreign rules") struct ForeignRuleEvaluationTests {
    private typealias Sample = SampleRules

    /// A table with rules of one built-in chain and others.
    private func table(
        _ table: Table, _ builtIn: BuiltInChain, _ rules: [ForeignEntry], policy: ChainPolicy.Verdict = .accept,
        chains: [ChainName: [ForeignEntry]] = [:]
    ) -> TableContent {
        func counted(_ rules: [ForeignEntry]) -> [CountedRule] { rules.map { CountedRule(.foreign($0)) } }
        let own = ChainContent(name: builtIn.name, policy: ChainPolicy(policy), rules: counted(rules))
        let others = chains.sorted { $0.key < $1.key }.map {
            ChainContent(name: $0.key, policy: nil, rules: counted($0.value))
        }
        return TableContent(table: table, family: .ipv4, chains: [own] + others)
    }

    private func rule(
        _ matches: ForeignMatch..., target: ForeignTarget, change: (inout ForeignEntry) -> Void = { _ in }
    ) -> ForeignEntry {
        var entry = ForeignEntry(matches: matches, target: target)
        change(&entry)
        return entry
    }

    private func undecidable(_ text: String) -> ForeignMatch {
        let name = String(text.prefix { $0 != " " })
        return .other(ForeignExtension(name: name, revision: 0, data: [], text: text), .undecidable)
    }

    private func target(_ text: String, _ effect: TargetEffect) -> ForeignTarget {
        let name = String(text.prefix { $0 != " " })
        return .other(ForeignExtension(name: name, revision: 0, data: [], text: text), effect)
    }

    private let away = end("203.0.113.5:80")

    private func outcomes(_ tables: TableContent..., to destination: AddressPort? = nil, interface: String? = "eth0")
        throws -> [OutcomeShare]
    {
        let packet = Packet(
            from: Sample.client, port: 40_000, to: destination ?? away, .tcp, origin: .network(interface: interface))
        return try RuleEvaluator(tables, family: .ipv4).evaluate(packet, on: Sample.network).outcomes
    }

    @Test("with an undecided match make two ways, each with its assumption")
    func fork() throws {
        let found = try outcomes(
            table(.filter, .forward, [rule(undecidable("string --string x"), target: .known(.drop))]))
        #expect(found.map(\.outcome.verdict) == [.dropped, .sent(interface: "eth0")])
        #expect(found.map(\.share) == [.all, .all])
        let assumptions = found.flatMap(\.assumptions)
        #expect(assumptions.map(\.isMet) == [true, false])
        #expect(assumptions.map(\.condition) == ["-m string --string x", "-m string --string x"])
        #expect(assumptions.allSatisfy { $0.chain == "FORWARD" && $0.position == 1 && $0.table == .filter })
    }

    @Test("make no two ways where it makes no difference")
    func noFork() throws {
        let limit = undecidable("limit --limit 3/min")
        let found = try outcomes(
            table(
                .filter, .forward,
                [
                    rule(limit, target: target("LOG", .goesOn)), rule(limit, target: .known(.jump("X"))),
                    rule(.known(.random(Probability(oneOutOf: 3))), target: .known(.jump("X"))),
                ], chains: ["X": [rule(target: .known(.return))]]))
        #expect(found == [OutcomeShare(outcome: Outcome(.sent(interface: "eth0")))])
    }

    @Test("with a random draw ahead of an undecided match divide only those that meet it")
    func mixed() throws {
        let half = ForeignMatch.known(.random(Probability(oneOutOf: 2)))
        let found = try outcomes(
            table(.filter, .forward, [rule(half, undecidable("limit"), target: .known(.drop))]))
        #expect(found.map(\.outcome.verdict) == [.dropped, .sent(interface: "eth0"), .sent(interface: "eth0")])
        #expect(found.map(\.share.description) == ["50.00%", "50.00%", "100.00%"])
        #expect(found.map { $0.assumptions.map(\.isMet) } == [[true], [true], [false]])
    }

    @Test("drop, reject, hand over and end in a policy")
    func ends() throws {
        func verdict(_ target: ForeignTarget, policy: ChainPolicy.Verdict = .accept) throws -> [Verdict] {
            try outcomes(table(.filter, .forward, [rule(target: target)], policy: policy)).map(\.outcome.verdict)
        }
        #expect(try verdict(.known(.drop)) == [.dropped])
        #expect(try verdict(.known(nil), policy: .drop) == [.dropped])
        #expect(try verdict(.known(.return), policy: .drop) == [.dropped])
        #expect(try verdict(.known(.accept), policy: .drop) == [.sent(interface: "eth0")])
        #expect(try verdict(target("REJECT --reject-with tcp-reset", .refuses)) == [.rejected(with: "tcp-reset")])
        #expect(
            try verdict(target("NFQUEUE --queue-num 1", .leavesTable)) == [.handedOver(to: "NFQUEUE --queue-num 1")])
        #expect(try verdict(.queue) == [.handedOver(to: "QUEUE")])
        #expect(try verdict(target("STRANGE", .unknown)) == [.notUnderstood(target: "STRANGE")])
    }

    @Test("that go to a chain do not come back behind the rule")
    func goto() throws {
        let rules = [rule(target: .goto("X")), rule(target: .known(.drop))]
        #expect(
            try outcomes(table(.filter, .forward, rules, chains: ["X": []])).map(\.outcome.verdict)
                == [.sent(interface: "eth0")])
        let inner = [rule(target: .known(.jump("Y"))), rule(target: .known(.drop))]
        let chains: [ChainName: [ForeignEntry]] = [
            "X": [], "Y": [rule(target: .goto("X")), rule(target: .known(.accept))],
        ]
        #expect(try outcomes(table(.filter, .forward, inner, chains: chains)).map(\.outcome.verdict) == [.dropped])
    }

    @Test("that exempt packets from connection tracking keep them from nat")
    func untracked() throws {
        let raw = table(.raw, .prerouting, [rule(target: target("CT --notrack", .stopsTracking))])
        let nat = table(.nat, .prerouting, [rule(target: .known(.destinationNAT(Sample.node, port: 1)))])
        #expect(try outcomes(raw, nat).map(\.outcome.newDestination) == [nil])
        #expect(try outcomes(nat).map(\.outcome.newDestination) == [AddressPort(Sample.node, 1)])
    }

    @Test("with a choice of destinations have a way for each")
    func choice() throws {
        let addresses = address("10.1.2.3")...address("10.1.2.5")
        let nat = table(
            .nat, .prerouting,
            [rule(target: target("DNAT", .translatesDestination(addresses: addresses, ports: 80...80)))])
        let found = try outcomes(nat)
        let destinations = found.compactMap(\.outcome.newDestination).map(\.description)
        #expect(destinations == ["10.1.2.3:80", "10.1.2.4:80", "10.1.2.5:80"])
        #expect(found[1].assumptions.map(\.condition) == ["the kernel chooses 10.1.2.4:80"])
        let many = address("10.0.0.0")...address("10.255.0.0")
        let tooMany = table(
            .nat, .prerouting, [rule(target: target("DNAT", .translatesDestination(addresses: many, ports: nil)))])
        #expect(
            try outcomes(tooMany).map(\.outcome.verdict) == [.notUnderstood(target: "a choice of many destinations")])
    }

    @Test("that redirect send packets to the address of the interface")
    func redirect() throws {
        let nat = table(
            .nat, .prerouting,
            [rule(target: target("REDIRECT", .translatesDestination(addresses: nil, ports: 8080...8080)))])
        let found = try outcomes(nat)
        #expect(found.map(\.outcome.newDestination) == [AddressPort(Sample.node, 8080)])
        #expect(found.map(\.outcome.verdict) == [.delivered])
    }

    @Test("that give packets another source name it")
    func sourceNAT() throws {
        let address = address("192.0.2.1")
        let nat = table(
            .nat, .postrouting,
            [rule(target: target("SNAT", .translatesSource(addresses: address...address, ports: nil)))])
        #expect(try outcomes(nat).map(\.outcome.source) == [.translated(address...address)])
    }

    @Test("that ask for an unknown interface get one answer all the way")
    func unknownInterface() throws {
        func drop(_ name: String, isInverted: Bool = false) -> ForeignEntry {
            rule(target: .known(.drop)) {
                $0.inputInterface = InterfaceMatch(name, isWildcard: name == "cali", isInverted: isInverted)
            }
        }
        let rules = table(.filter, .forward, [drop("lo"), drop("cali"), drop("cali"), drop("eth0", isInverted: true)])
        let found = try outcomes(rules, interface: nil)
        #expect(
            found.map { $0.assumptions.map { "\($0.condition) \($0.isMet)" } } == [
                ["-i cali+ true"], ["-i cali+ false", "-i eth0 false"], ["-i cali+ false", "-i eth0 true"],
            ])
        #expect(found.map(\.outcome.verdict) == [.dropped, .dropped, .sent(interface: "eth0")])
    }

    @Test("that change the mark in an unknown way leave its bits open until a rule asks for them")
    func unknownMark() throws {
        let mangle = table(.mangle, .prerouting, [rule(target: target("CONNMARK", .changesMark))])
        func ask(_ isInverted: Bool) -> ForeignEntry {
            rule(.known(.mark(0x4000, mask: 0x4000, isInverted: isInverted)), target: .known(.drop))
        }
        let found = try outcomes(mangle, table(.filter, .forward, [ask(false), ask(false), ask(true)]))
        #expect(found.map(\.outcome.verdict) == [.dropped, .dropped])
        #expect(found.map { $0.assumptions.map(\.isMet) } == [[true], [false]])
        #expect(found[0].assumptions[0].condition == "-m mark --mark 0x4000/0x4000")
    }

    @Test("that are malformed are undecided")
    func malformed() throws {
        let chain = ChainContent(
            name: "FORWARD", policy: ChainPolicy(.accept),
            rules: [CountedRule(.malformed(reason: "x", byteCount: 3))])
        let found = try outcomes(TableContent(table: .filter, family: .ipv4, chains: [chain]))
        #expect(found.count == 2)
    }
}

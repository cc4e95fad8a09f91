// SPDX-License-Identifier: Apache-2.0

import Foundation
import KernelTables
import KernelTablesSuite
import NetworkTypes
import Synchronization
import Testing
import XTables

@Suite("The syncer")
struct SyncerTests {
    let store = MemoryStore()
    var syncer: Syncer {
        var syncer = Syncer(store: store, lock: nil)
        syncer.firstBackOff = .microseconds(1)
        return syncer
    }
    let ruleset = RandomCluster.ruleset(seed: 11, family: .ipv4, services: 20)

    func chain(_ rules: [Rule]) -> Ruleset {
        Ruleset(
            family: .ipv4,
            tables: [TableRules(table: .nat, jumps: [:], chains: [Chain(name: "KUBE-SERVICES", rules: rules)])])
    }

    func rule(_ text: String) -> Rule { Rule(matches: [.comment(text)]) }

    func found(_ chain: ChainName, _ table: Table) throws -> [DecodedRule]? {
        try TableSnapshot(table, family: .ipv4, store: store)[chain]?.entries.map(\.rule)
    }

    @Test("commits filter before nat, each once")
    func order() throws {
        let report = try syncer.apply(ruleset)
        #expect(report.tables.map(\.table) == [Table.filter, .nat])
        #expect(store.commitCount == 2)
        #expect(try syncer.cleanup(.ipv4).tables.map(\.table) == [Table.nat, .filter])
    }

    @Test("tells of what was committed before somebody interfered")
    func interruptedReport() throws {
        _ = try syncer.apply(ruleset)
        for (table, chain) in [(Table.filter, "KUBE-FORWARD"), (.nat, "KUBE-SERVICES")] {
            let transaction = try store.open(table, family: .ipv4)
            try chain.withCString { try transaction.flushChain($0) }
            try transaction.commit()
        }
        let interfering = InterferingStore(store: store)
        var syncer = Syncer(store: interfering, lock: nil)
        syncer.firstBackOff = .microseconds(1)
        let report = try syncer.apply(without: [], expecting: [:]) { ruleset }
        #expect(report.attempts == 2)
        #expect(report.tables.map(\.isCommitted) == [true, true])
        #expect(Set(report.drift.map(\.table)) == [.filter, .nat])
    }

    /// Remembers what it is told.
    private final class Keeper: CounterKeeper {
        let calls = Mutex<[String]>([])
        let removed = Mutex<[CounterKey: RuleCounters]>([:])

        func beginChange(of family: IPFamily) { calls.withLock { $0.append("begin") } }
        func endChange(of family: IPFamily) { calls.withLock { $0.append("end") } }

        func committed(_ table: Table, family: IPFamily, removed: [CounterKey: RuleCounters]) {
            calls.withLock { $0.append("\(table)") }
            self.removed.withLock { $0.merge(removed) { $1 } }
        }
    }

    @Test("hands over what rules had counted that it removes, once, and only if the commit succeeds")
    func removedCounters() throws {
        func endpoint(_ number: UInt32) -> Rule {
            Rule(transport: .tcp, target: .destinationNAT(IPAddress(ipv4: number), port: 80))
        }
        func chains(_ numbers: [UInt32]) -> Ruleset {
            let chains = numbers.map { Chain(name: ["KUBE-SEP-A", "KUBE-SEP-B"][Int($0) / 10], rules: [endpoint($0)]) }
            return Ruleset(family: .ipv4, tables: [TableRules(table: .nat, jumps: [:], chains: chains)])
        }
        func seen(_ packets: UInt64) -> RuleCounters { RuleCounters(packets: packets, bytes: packets * 60) }
        func count(_ packets: UInt64, _ chain: ChainName) {
            store.count(seen(packets), rule: 0, of: chain, in: .nat, family: .ipv4)
        }
        let keeper = Keeper()
        var syncer = syncer
        syncer.counterKeeper = keeper
        _ = try syncer.apply(chains([1, 11]))
        #expect(keeper.calls.withLock { $0 } == ["begin", "nat", "end"])
        #expect(keeper.removed.withLock { $0.isEmpty })
        count(3, "KUBE-SEP-A")
        count(4, "KUBE-SEP-B")

        // One is replaced, the other goes; the first run is refused twice, the second one finds the table changed.
        for _ in 0..<2 { store.failNextCommit(ENOMEM) }
        #expect(throws: SyncError.self) { try syncer.apply(chains([2])) }
        #expect(keeper.removed.withLock { $0.isEmpty })
        store.failNextCommit(EAGAIN)
        _ = try syncer.apply(chains([2]))
        let first = try #require(CounterKey(endpoint(1), in: "KUBE-SEP-A"))
        let second = try #require(CounterKey(endpoint(11), in: "KUBE-SEP-B"))
        #expect(keeper.removed.withLock { $0 } == [first: seen(3), second: seen(4)])
        let calls = ["begin", "end", "begin", "end", "begin", "end", "begin", "nat", "end"]
        #expect(keeper.calls.withLock { Array($0.dropFirst(3)) } == calls)

        // Nothing changes.
        _ = try syncer.apply(chains([2]))
        #expect(keeper.calls.withLock { $0.suffix(2) } == ["begin", "end"])
    }

    @Test("touches only what changed, and keeps the counters of the rest")
    func smallestEdit() throws {
        _ = try syncer.apply(chain((0..<100).map { rule("\($0)") }))
        store.count(RuleCounters(packets: 5, bytes: 50), rule: 99, of: "KUBE-SERVICES", in: .nat, family: .ipv4)
        var rules = (0..<100).map { rule("\($0)") }
        rules[40] = rule("new")
        rules.insert(rule("more"), at: 60)
        rules.remove(at: 10)
        let report = try syncer.apply(chain(rules))
        let change = try #require(report.tables.last)
        #expect(change.rulesAdded == 2 && change.rulesRemoved == 2 && change.rulesMoved == 0)
        let entries = try #require(try TableSnapshot(.nat, family: .ipv4, store: store)["KUBE-SERVICES"]).entries
        #expect(entries.map(\.rule) == rules.map(DecodedRule.known))
        #expect(entries.last?.counters == RuleCounters(packets: 5, bytes: 50))
    }

    @Test("moves as few rules as possible")
    func moves() throws {
        _ = try syncer.apply(chain((0..<50).map { rule("\($0)") }))
        let moved = [rule("49")] + (0..<49).map { rule("\($0)") }
        let plan = try syncer.plan(chain(moved))
        #expect(plan.tables.last?.count(.moved) == 1)
        let change = try #require(try syncer.apply(chain(moved)).tables.last)
        #expect(change.rulesAdded == 0 && change.rulesRemoved == 0 && change.rulesMoved == 1)
    }

    @Test("reads again and tries again when somebody interferes, but not for ever")
    func interference() throws {
        for _ in 0..<3 { store.failNextCommit(EAGAIN) }
        #expect(try syncer.apply(ruleset).attempts == 4)
        _ = try syncer.cleanup(.ipv4)
        for _ in 0..<6 { store.failNextCommit(EAGAIN) }
        #expect { try syncer.apply(ruleset) } throws: { error in
            guard case .changedMeanwhile(_, attempts: 6) = error as? SyncError else { return false }
            return "\(error)".contains("without the lock 6 times")
        }
    }

    @Test(
        "a passing error of a commit leaves nothing out of the rules, whichever error and however often",
        arguments: [EINTR, EFAULT, EBUSY, EIO, EINVAL, ENOENT, ENOMEM, EPERM], 1...4)
    func passingErrors(number: Int32, times: Int) throws {
        // More than two of these at a time on an unchanged table are an error to report, but never worse rules.
        for _ in 0..<times { store.failNextCommit(number) }
        do {
            let report = try syncer.apply(ruleset)
            #expect(report.unsupported.isEmpty)
        } catch {
            #expect(times > 1)
            #expect(store.commitCount <= 1)
        }
        for _ in 0..<times where store.commitCount < 2 { _ = try? syncer.apply(ruleset) }
        #expect(try syncer.plan(ruleset).isEmpty)
    }

    @Test(
        "a commit whose counters could not be added back is in force, and nothing is left out",
        arguments: [EINVAL, ENOMEM])
    func lostCounters(number: Int32) throws {
        store.failNextCommit(number, replacesTable: true)
        let report = try syncer.apply(ruleset)
        #expect(report.unsupported.isEmpty)
        #expect(report.tables.map(\.isCommitted) == [true, true])
        #expect(report.tables.map(\.hasLostCounters) == [true, false])
        #expect(try syncer.plan(ruleset).isEmpty)
    }

    @Test("what was refused in one table brings no feature of another one into question")
    func featuresOfTheRefusedTable() {
        // The ruleset has session affinity, in nat only; filter is refused for a reason of its own.
        for _ in 0..<100 { store.failNextCommit(EINVAL) }
        #expect(throws: SyncError.self) { try syncer.apply(ruleset) }
        #expect(store.pendingFailures >= 100 - 8)
    }

    @Test(
        "says what it was doing and what to do",
        arguments: [
            (
                ENOMEM,
                "committing IPv4 table filter: Cannot allocate memory (ENOMEM); the kernel keeps the old rules of this table"
            ),
            (EPERM, "committing IPv4 table filter: Operation not permitted (EPERM); run as root"),
            (
                EINVAL,
                "committing IPv4 table filter: Invalid argument (EINVAL); the kernel keeps the old rules of this table; it may"
            ),
            (
                EINTR,
                "committing IPv4 table filter: Interrupted system call (EINTR); the kernel keeps the old rules of this table; see"
            ),
            (ELOOP, "committing IPv4 table filter: Too many levels of symbolic links (ELOOP)"),
        ])
    func commitFailures(number: Int32, text: String) {
        for _ in 0..<20 { store.failNextCommit(number) }
        #expect { try syncer.apply(ruleset) } throws: { "\($0)".hasPrefix(text) }
        #expect(store.commitCount == 0)
    }

    @Test(
        "says why it cannot read",
        arguments: [
            (ENOPROTOOPT, "reading IPv4 table nat: Protocol not available (ENOPROTOOPT); this kernel has no legacy"),
            (ENOENT, "reading IPv4 table nat: No such file or directory (ENOENT); this kernel has no legacy iptables"),
            (EPERM, "reading IPv4 table nat: Operation not permitted (EPERM); run as root"),
            (EMFILE, "reading IPv4 table nat: Too many open files (EMFILE)"),
        ])
    func readFailures(number: Int32, text: String) {
        store.failNextRead(number)
        #expect { try syncer.plan(ruleset) } throws: { "\($0)".hasPrefix(text) }
        store.failNextRead(number)
        #expect { try syncer.apply(ruleset) } throws: { "\($0)".hasPrefix(text) }
    }

    @Test("serves without affinity where there is no xt_recent, and says whom")
    func noRecent() throws {
        store.refuse("recent")
        let report = try syncer.apply(ruleset)
        #expect(report.unsupported.map(\.feature) == [RuleFeature.sessionAffinity])
        let affected = try #require(report.unsupported.first?.affected)
        #expect(!affected.isEmpty && affected.allSatisfy { $0.hasPrefix("ns/svc-") })
        let again = try syncer.apply(ruleset, without: [.sessionAffinity])
        #expect(!again.hasChanges)
        #expect(again.unsupported == [])
    }

    @Test("lets the last endpoint have all where there is no xt_statistic, of Services by turns and at random alike")
    func noStatistic() throws {
        func chain(_ chain: ChainName, of name: String, _ draw: Match) -> Chain {
            let servicePort = ServicePortOrigin(namespace: "ns", service: name, port: "p", transport: .tcp)
            let draws: [[Match]] = [[draw], []]
            let rules = draws.map {
                Rule(
                    transport: .tcp, matches: [.transport(.tcp)] + $0,
                    target: .destinationNAT(SampleRules.address(.ipv4, 1), port: $0.isEmpty ? 2 : 1),
                    origin: .servicePort(servicePort))
            }
            return Chain(name: chain, rules: rules)
        }
        let chains = [
            chain("KUBE-SVC-T", of: "turns", .everyNth(2)),
            chain("KUBE-SVC-R", of: "random", .random(Probability(oneOutOf: 2))),
        ]
        let jumps = chains.map { Rule(target: .jump($0.name)) }
        let ruleset = Ruleset(
            family: .ipv4, tables: [TableRules(table: .nat, jumps: [.output: jumps], chains: chains)])
        store.refuse("statistic")
        let report = try syncer.apply(ruleset)
        #expect(Set(report.unsupported.map(\.feature)) == [.randomBalancing, .roundRobinBalancing])
        for unsupported in report.unsupported {
            let name = unsupported.feature == .roundRobinBalancing ? "turns" : "random"
            #expect(unsupported.affected == ["ns/\(name):p"])
            #expect(unsupported.feature.consequence == "one endpoint gets every connection")
        }
        let nat = try TableSnapshot(.nat, family: .ipv4, store: store)
        for chain in chains { #expect(nat[chain.name]?.entries.map(\.rule) == [.known(chain.rules[1])]) }
    }

    @Test("leaves out what needs SCTP and does not count where there is no object; all others are served")
    func several() throws {
        let counted = Rule(matches: [.accounting(name: "dropped")], target: .drop)
        let sctp = Rule(
            transport: .sctp, matches: [.comment("without a name"), .transport(.sctp, destinationPort: 9)],
            target: .jump("KUBE-SVC-S"),
            origin: .servicePort(ServicePortOrigin(namespace: "ns", service: "sctp", port: "p", transport: .sctp)))
        let tcp = Rule(
            transport: .tcp, matches: [.comment("ns/tcp:p cluster IP"), .transport(.tcp, destinationPort: 9)],
            target: .jump("KUBE-SVC-T"))
        let ruleset = Ruleset(
            family: .ipv4,
            tables: [
                TableRules(
                    table: .nat, jumps: [.output: [Rule(target: .jump("KUBE-SERVICES"))]],
                    chains: [
                        Chain(name: "KUBE-SERVICES", rules: [counted, sctp, tcp]), Chain(name: "KUBE-SVC-S"),
                        Chain(name: "KUBE-SVC-T"),
                    ])
            ])
        store.refuse("sctp")
        store.refuse("nfacct:dropped")
        let report = try syncer.apply(ruleset)
        #expect(report.unsupported.map(\.feature) == [RuleFeature.accounting(name: "dropped"), .sctp])
        #expect(report.unsupported.last?.affected == ["ns/sctp:p"])
        let nat = try TableSnapshot(.nat, family: .ipv4, store: store)
        let rules = nat["KUBE-SERVICES"]?.entries.map(\.rule)
        #expect(rules == [Rule(target: .drop), tcp].map(DecodedRule.known))
        #expect(nat["KUBE-SVC-S"] == nil)
        #expect(nat["KUBE-SVC-T"] != nil)
    }

    @Test("finds what is missing in both tables, and names the service ports concerned where there are no comments")
    func missingInBothTables() throws {
        func counted(_ name: String, _ origin: Origin) -> Rule {
            Rule(matches: [.accounting(name: name)], target: .drop, origin: origin)
        }
        let origin = Origin.servicePort(ServicePortOrigin(namespace: "ns", service: "s", port: "p", transport: .tcp))
        let ruleset = Ruleset(
            family: .ipv4,
            tables: [
                TableRules(
                    table: .filter, jumps: [:],
                    chains: [Chain(name: "KUBE-FORWARD", rules: [counted("one", .base(.invalidPackets))])]),
                TableRules(
                    table: .nat, jumps: [:], chains: [Chain(name: "KUBE-NODEPORTS", rules: [counted("two", origin)])]),
            ])
        store.refuse("nfacct:one")
        store.refuse("nfacct:two")
        let report = try syncer.apply(ruleset)
        #expect(report.unsupported.map(\.feature) == [.accounting(name: "one"), .accounting(name: "two")])
        #expect(report.unsupported.map(\.affected) == [[BasePurpose.invalidPackets.rawValue], ["ns/s:p"]])
        #expect(try found("KUBE-NODEPORTS", .nat) == [.known(Rule(target: .drop))])
    }
}

/// A store in which the first commit of nat is refused because of somebody else.
private final class InterferingStore: KernelTableStore {
    private let store: MemoryStore
    private let opened = Mutex(0)

    init(store: MemoryStore) { self.store = store }

    func open(_ table: Table, family: IPFamily) throws(KernelFailure) -> any TableTransaction {
        let transaction = try store.open(table, family: family)
        let isFirst = opened.withLock { opened in
            opened += 1
            return opened == 1
        }
        if isFirst, table == .nat {
            // A chain more, so that the number of entries is another one.
            let other = try store.open(.nat, family: family)
            let name = ("OTHER" as StaticString).utf8Start
            try other.createChain(UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))
            try other.commit()
        }
        return transaction
    }

    func stamp(of table: Table, family: IPFamily) throws(KernelFailure) -> TableStamp {
        try store.stamp(of: table, family: family)
    }
}

// SPDX-License-Identifier: Apache-2.0

import KernelTables
import NetworkTypes
import Testing
import XTables

@Suite("Front ends that a change removes") struct RemovedFrontEndTests {
    private static let ownership = ChainOwnership(
        [.nat: ChainOwnership.TableEntry(names: ["KUBE-SERVICES"], prefixes: ["KUBE-SVC-"])], jumpComments: [])

    private let syncer = Syncer(store: MemoryStore(), lock: nil, ownership: ownership)

    private func rule(_ address: String, _ port: UInt16, _ comment: String?, _ target: Target) throws -> Rule {
        let address = try #require(IPAddress(address))
        return Rule(
            destination: AddressMatch(address), transport: .tcp,
            matches: (comment.map { [.comment($0)] } ?? []) + [.transport(.tcp, destinationPort: port)], target: target)
    }

    private func ruleset(_ rules: [Rule], chains: [ChainName] = ["KUBE-SVC-A", "KUBE-SVC-B"]) -> Ruleset {
        let shared = Chain(name: "KUBE-SERVICES", rules: rules, origin: .base(.shared))
        let own = chains.map { Chain(name: $0, rules: [Rule(target: .return)]) }
        return Ruleset(
            family: .ipv4, tables: [TableRules(table: .nat, jumps: [:], chains: [shared] + own)])
    }

    @Test("are named by the comments of their rules, else by address and port")
    func names() throws {
        let kept = try rule("10.0.0.1", 80, "shop/cart:http cluster IP", .jump("KUBE-SVC-A"))
        let removed = [
            try rule("10.0.0.2", 80, "shop/till:http cluster IP", .jump("KUBE-SVC-B")),
            try rule("10.0.0.3", 53, "shop/dns has no endpoints", .drop), try rule("10.0.0.4", 53, nil, .drop),
            try rule("10.0.0.5", 53, "no name", .drop),
        ]
        _ = try syncer.apply(ruleset([kept] + removed))
        #expect(
            try syncer.removedFrontEnds(ruleset([kept], chains: ["KUBE-SVC-A"])).map(\.description) == [
                "shop/till", "shop/dns", "10.0.0.4:53/tcp", "10.0.0.5:53/tcp",
            ])
        #expect(try syncer.removedFrontEnds(ruleset([kept] + removed)).isEmpty)
    }

    @Test("are none where another rule answers at the address, or the rule led to no Service")
    func others() throws {
        let refused = try rule("10.0.0.1", 80, "shop/cart has no endpoints", .drop)
        let foreign = try rule("10.0.0.2", 80, nil, .accept)
        _ = try syncer.apply(ruleset([refused, foreign]))
        let balanced = try rule("10.0.0.1", 80, "shop/cart:http cluster IP", .jump("KUBE-SVC-A"))
        #expect(try syncer.removedFrontEnds(ruleset([balanced])).isEmpty)
    }

    @Test("are found in chains that are removed as a whole")
    func staleChains() throws {
        let rule = try rule("10.0.0.1", 80, "shop/cart:http cluster IP", .jump("KUBE-SVC-A"))
        _ = try syncer.apply(ruleset([rule]))
        let nothing = Ruleset(family: .ipv4, tables: [TableRules(table: .nat, jumps: [:], chains: [])])
        #expect(try syncer.removedFrontEnds(nothing).map(\.service) == ["shop/cart"])
    }
}

// SPDX-License-Identifier: Apache-2.0

import Inspection
import NetworkTypes
import RuleEvaluation
import Testing
import XTables

/// A machine that answers what a test has given it.
struct FakeMachine: InspectedMachine {
    var node = NodeNetwork(localAddresses: [])
    var contents: [TableContent] = []
    var failure: InquiryFailure?
    var lists: [ChainName: [IPAddress: RecentClient]]? = [:]
    var flows: [InspectedFlow]? = []
    var nftablesChains = 0

    func network(_ family: IPFamily) -> NodeNetwork { node }

    func tables(_ family: IPFamily) throws(InquiryFailure) -> [TableContent] {
        if let failure { throw failure }
        return contents
    }

    func recentClients(_ list: ChainName) -> [IPAddress: RecentClient]? { lists.map { $0[list] ?? [:] } }

    func flows(
        from source: IPAddress, port: UInt16?, to destination: AddressPort, _ transport: TransportProtocol
    ) -> [InspectedFlow]? {
        flows?.filter { $0.source.address == source && (port == nil || $0.source.port == port) }
    }

    func nftablesChainCount(_ family: IPFamily) -> Int { nftablesChains }

    /// The node of ``SampleState``, with an interface to the network and one to the pods.
    static func node() throws -> FakeMachine {
        func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }
        func range(_ text: String) throws -> CIDR { try #require(CIDR(text)) }
        var machine = FakeMachine()
        machine.node = NodeNetwork(
            localAddresses: [],
            interfaces: [
                .init("lo", addresses: [.init(try address("127.0.0.1"), prefixLength: 8)]),
                .init("eth0", addresses: [.init(try address("192.168.50.10"), prefixLength: 24)]), .init("cni0"),
            ],
            routes: [
                .init(try range("0.0.0.0/0"), interface: "eth0", gateway: try address("192.168.50.1")),
                .init(try range("192.168.50.0/24"), interface: "eth0"),
                .init(try range("10.244.0.0/16"), interface: "cni0"),
            ])
        return machine
    }

    /// The desired rules as a kernel holds them that nobody else writes to.
    static func contents(_ ruleset: Ruleset) -> [TableContent] {
        ruleset.tables.map { rules in
            let builtIn = rules.table.builtInChains.map { chain in
                ChainContent(
                    name: chain.name, policy: ChainPolicy(.accept),
                    rules: (rules.jumps[chain] ?? []).map { CountedRule(.known($0)) })
            }
            let own = rules.chains.map { chain in
                ChainContent(name: chain.name, policy: nil, rules: chain.rules.map { CountedRule(.known($0)) })
            }
            return TableContent(table: rules.table, family: ruleset.family, chains: builtIn + own)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import KernelTablesSuite
import NetworkTypes
import RuleCompiler
import ServiceModel
import Testing
import XTables

@testable import KernelTables

@Suite("The changes of a plan by service port") struct PlanGroupTests {
    private let store = MemoryStore()

    private var syncer: Syncer { Syncer(store: store, lock: nil) }

    private static func entry(
        _ service: String, _ index: UInt8, endpoints: [UInt8], transport: TransportProtocol = .tcp,
        affinity: SessionAffinity = .none
    ) -> ServicePortEndpoints {
        ServicePortEndpoints(
            servicePort: ServicePort(
                name: ServicePortName(ServiceName(name: service), port: "http", transport: transport),
                clusterIP: IPAddress(ipv4: 0x0a60_0000 + UInt32(index)), port: 80, sessionAffinity: affinity),
            endpoints: endpoints.map { Endpoint(address: IPAddress(ipv4: 0x0af4_0000 + UInt32($0)), port: 8080) })
    }

    private func rules(_ entries: [ServicePortEndpoints]) -> Ruleset {
        Compilation(
            ServiceSnapshot(family: .ipv4, servicePorts: entries),
            settings: CompilerSettings(node: Node(name: "node-1"))
        ).ruleset
    }

    /// The headlines of the plan from some service ports to others.
    private func headlines(_ old: [ServicePortEndpoints], _ new: [ServicePortEndpoints]) throws -> [String] {
        _ = try syncer.apply(rules(old))
        let desired = rules(new)
        let plan = try syncer.plan(desired)
        let groups = plan.groups(desired: desired)
        // No rule is lost on the way into groups.
        #expect(
            groups.reduce(0) { $0 + $1.ruleCount }
                == plan.tables.flatMap(\.chains).reduce(0) { $0 + $1.rules.count })
        return groups.map(\.description)
    }

    @Test("an endpoint that is replaced is named with the one it replaces")
    func replacedEndpoint() throws {
        let lines = try headlines(
            [Self.entry("web", 1, endpoints: [1, 2, 3]), Self.entry("api", 2, endpoints: [9])],
            [Self.entry("web", 1, endpoints: [1, 2, 4]), Self.entry("api", 2, endpoints: [9])])
        #expect(lines == ["~ default/web:http  endpoints 3 → 3: -10.244.0.3 +10.244.0.4"])
    }

    @Test("Services that come and go are told from those that change")
    func kinds() throws {
        let lines = try headlines(
            [Self.entry("gone", 1, endpoints: [1, 2]), Self.entry("stays", 2, endpoints: [9])],
            [Self.entry("new", 3, endpoints: [5], transport: .udp), Self.entry("stays", 2, endpoints: [9])])
        #expect(
            lines == [
                "- default/gone:http  endpoints 2 → 0: -10.244.0.1 -10.244.0.2",
                "+ default/new:http/udp  endpoints 0 → 1: +10.244.0.5",
            ])
    }

    @Test("a Service that loses its last endpoint stays; many endpoints are counted")
    func counts() throws {
        let many = (1...9).map { UInt8($0) }
        #expect(
            try headlines([Self.entry("web", 1, endpoints: many)], [Self.entry("web", 1, endpoints: [])])
                == ["~ default/web:http  endpoints 9 → 0: -9 endpoints"])
    }

    @Test("rules that change for the same endpoints are counted")
    func rulesOnly() throws {
        let lines = try headlines(
            [Self.entry("web", 1, endpoints: [1, 2])],
            [Self.entry("web", 1, endpoints: [1, 2], affinity: .clientIP(timeoutSeconds: 60))])
        #expect(lines.count == 1)
        #expect(lines.first?.contains("endpoints") == false)
    }

    @Test("as drift, rules and chains are counted by what is wrong with them, and endpoints as a repair changes them")
    func drift() throws {
        _ = try syncer.apply(rules([Self.entry("web", 1, endpoints: [1, 2]), Self.entry("gone", 2, endpoints: [9])]))
        let desired = rules([Self.entry("web", 1, endpoints: [1, 3])])
        let plan = try syncer.plan(desired)
        let lines = plan.groups(desired: desired).map(\.driftDescription)
        #expect(lines.count == 2)
        #expect(
            lines[0].wholeMatch(
                of: #/- default/gone:http  \d+ rules unexpected, 2 chains unexpected, endpoints 1 → 0: -10\.244\.0\.9/#)
                != nil, "\(lines)")
        #expect(
            lines[1].wholeMatch(
                of:
                    #/~ default/web:http  \d+ rules missing, \d+ rules unexpected, 1 chain missing, 1 chain unexpected, endpoints 2 → 2: -10\.244\.0\.2 \+10\.244\.0\.3/#
            )
                != nil, "\(lines)")
        #expect([ChainPlan]().differenceCounts == "")
    }

    @Test("what all Services share comes first")
    func shared() throws {
        let lines = try headlines([], [Self.entry("web", 1, endpoints: [1])])
        #expect(lines.count == 1)
        let empty = MemoryStore()
        let desired = rules([Self.entry("web", 1, endpoints: [1])])
        let groups = try Syncer(store: empty, lock: nil).plan(desired).groups(desired: desired)
        #expect(groups.map(\.servicePort?.service) == [nil, "web"])
    }
}

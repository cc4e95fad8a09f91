// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import Testing

/// Endpoints that a node does without for a while.
@Suite("Endpoints that are set aside") struct SetAsideTests {
    private static let failed = SetAside.failed(.refused)
    private static let ejected = SetAside.ejected(failures: 5, .unanswered)

    private static func endpoint(
        _ number: UInt32, on node: String = "there", _ conditions: EndpointConditions = [.ready, .serving],
        zone: String? = nil
    ) -> Endpoint {
        Endpoint(
            address: IPAddress(ipv4: 0x0af4_0000 + number), port: 8080, conditions: conditions, nodeName: node,
            zoneHints: zone.map { [$0] } ?? [])
    }

    private static func selection(
        _ endpoints: [Endpoint], _ setAside: [Int: SetAside], external: TrafficPolicy = .cluster
    ) -> EndpointSelection {
        let servicePort = ServicePort(
            name: ServicePortName(namespace: "n", service: "s", port: "", transport: .tcp),
            clusterIP: IPAddress(ipv4: 0x0a60_0001), port: 80, nodePort: 30080, externalTrafficPolicy: external)
        let node = Node(name: "here", labels: [Node.zoneLabel: "a"])
        let byAddress = setAside.map { (endpoints[$0.key].addressPort, $0.value) }
        return EndpointSelection(
            of: endpoints, for: servicePort, on: node, setAside: Dictionary(uniqueKeysWithValues: byAddress))
    }

    @Test("take no connections as long as others are left, for whatever reason", arguments: [failed, ejected])
    func others(reason: SetAside) {
        let endpoints = [Self.endpoint(1), Self.endpoint(2), Self.endpoint(3)]
        let selection = Self.selection(endpoints, [1: reason])
        #expect(selection.clusterVerdicts == [.used, .setAside(reason), .used])
        #expect(selection.clusterEndpoints == [endpoints[0], endpoints[2]])
        #expect(!selection.usesFailingEndpoints)
        #expect(selection.retryScope(for: .cluster) == .all)
        #expect(selection.retriedEndpoints(for: .cluster) == endpoints)
    }

    @Test("are all used when all failed: a list is never emptied by it")
    func allFailed() {
        let endpoints = [Self.endpoint(1), Self.endpoint(2)]
        let selection = Self.selection(endpoints, [0: Self.failed, 1: Self.failed])
        #expect(selection.clusterVerdicts == [.usedAlthoughFailing(Self.failed), .usedAlthoughFailing(Self.failed)])
        #expect(selection.usesFailingEndpoints)
        #expect(
            selection.explanation.first
                == "10.244.0.1:8080: used although it fails (a connection was refused), since no other is left")
        #expect(selection.retryScope(for: .cluster) == .none)
        #expect(selection.retriedEndpoints(for: .cluster).isEmpty)
    }

    @Test("are used again before those that were ejected")
    func failedBeforeEjected() {
        let endpoints = [Self.endpoint(1), Self.endpoint(2), Self.endpoint(3)]
        let selection = Self.selection(endpoints, [0: Self.failed, 1: Self.ejected, 2: Self.failed])
        let used = EndpointVerdict.usedAlthoughFailing(Self.failed)
        #expect(selection.clusterVerdicts == [used, .setAside(Self.ejected), used])
        #expect(selection.retryScope(for: .cluster) == .none)
        let all = Self.selection(endpoints, [0: Self.ejected, 1: Self.ejected, 2: Self.ejected])
        #expect(all.clusterVerdicts.allSatisfy { $0 == .usedAlthoughFailing(Self.ejected) })
    }

    @Test("leave one whose refusals reach the client")
    func lastOne() {
        let endpoints = [Self.endpoint(1), Self.endpoint(2), Self.endpoint(3)]
        let selection = Self.selection(endpoints, [0: Self.failed, 1: Self.ejected])
        #expect(selection.clusterVerdicts == [.setAside(Self.failed), .setAside(Self.ejected), .used])
        #expect(selection.retryScope(for: .cluster) == .allBut(endpoints[2]))
        #expect(selection.retriedEndpoints(for: .cluster) == [endpoints[0], endpoints[1]])
    }

    @Test("matter nothing where there is only one endpoint")
    func single() {
        let selection = Self.selection([Self.endpoint(1)], [0: Self.failed])
        #expect(selection.clusterVerdicts == [.usedAlthoughFailing(Self.failed)])
        #expect(selection.retryScope(for: .cluster) == .none)
        #expect(Self.selection([Self.endpoint(1)], [:]).retryScope(for: .cluster) == .none)
    }

    @Test("are judged for each list on its own")
    func lists() {
        let endpoints = [Self.endpoint(1, on: "here"), Self.endpoint(2), Self.endpoint(3)]
        let selection = Self.selection(endpoints, [0: Self.failed], external: .local)
        #expect(selection.clusterVerdicts == [.setAside(Self.failed), .used, .used])
        #expect(selection.localVerdicts == [.usedAlthoughFailing(Self.failed), .notLocal, .notLocal])
        #expect(selection.retryScope(for: .local) == .none)
        #expect(selection.hasUsableEndpoints)
    }

    @Test("leave a connection an alternative or do not, by the list that it came by")
    func alternatives() {
        let endpoints = [Self.endpoint(1, on: "here"), Self.endpoint(2), Self.endpoint(3, [])]
        let selection = Self.selection(endpoints, [:], external: .local)
        #expect(selection.hasAlternative(to: endpoints[0].addressPort, for: .cluster))
        #expect(!selection.hasAlternative(to: endpoints[0].addressPort, for: .local))
        // Of another node, so the connection was the node's own, or a pod's.
        #expect(selection.hasAlternative(to: endpoints[1].addressPort, for: .local))
        let failing = Self.selection(endpoints, [0: Self.failed])
        #expect(!failing.hasAlternative(to: endpoints[1].addressPort, for: .cluster))
        #expect(failing.hasAlternative(to: endpoints[0].addressPort, for: .cluster))
    }

    @Test("have their refusals kept from clients if another one is ready and not set aside")
    func refusals() {
        let endpoints = [Self.endpoint(1), Self.endpoint(2), Self.endpoint(3, [])]
        #expect(Self.selection(endpoints, [:]).keepsRefusals(of: endpoints[0].addressPort))
        let failing = Self.selection(endpoints, [1: Self.failed])
        #expect(!failing.keepsRefusals(of: endpoints[0].addressPort))
        #expect(failing.keepsRefusals(of: endpoints[1].addressPort))
    }

    @Test("are retried at node ports with policy Local as well, where pods and the node reach all endpoints")
    func nodePorts() {
        let endpoints = [Self.endpoint(1, on: "here"), Self.endpoint(2), Self.endpoint(3)]
        let one = Self.selection(endpoints, [:], external: .local)
        #expect(one.retriedEndpoints(ofNodePortsFor: .local) == [endpoints[1], endpoints[2]])
        #expect(one.retriedEndpoints(ofNodePortsFor: .cluster) == endpoints)
    }

    @Test("of the own zone make room for those of others")
    func zones() {
        let endpoints = [Self.endpoint(1, zone: "a"), Self.endpoint(2, zone: "b")]
        #expect(Self.selection(endpoints, [:]).clusterVerdicts == [.used, .otherZone])
        #expect(Self.selection(endpoints, [0: Self.failed]).clusterVerdicts == [.setAside(Self.failed), .used])
    }

    @Test("make room for those that are terminating, if no other is ready")
    func terminating() {
        let endpoints = [Self.endpoint(1), Self.endpoint(2, [.serving, .terminating])]
        let selection = Self.selection(endpoints, [0: Self.failed])
        #expect(selection.clusterVerdicts == [.setAside(Self.failed), .usedWhileTerminating])
    }

    @Test("are none if they are not ready: what the API says comes first")
    func notReady() {
        let endpoints = [Self.endpoint(1, []), Self.endpoint(2)]
        #expect(Self.selection(endpoints, [0: Self.ejected]).clusterVerdicts == [.notReady, .used])
    }

    @Test("are explained")
    func words() {
        let endpoints = [Self.endpoint(1), Self.endpoint(2)]
        let selection = Self.selection(endpoints, [0: Self.ejected])
        #expect(
            selection.explanation == [
                "10.244.0.1:8080: not used: ejected: 5 connections in a row unanswered", "10.244.0.2:8080: used",
            ])
    }
}

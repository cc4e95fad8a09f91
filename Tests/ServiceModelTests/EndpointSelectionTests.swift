// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import Testing

/// A service port and endpoints to select among, on node `here` in zone `a`.
private struct Scene {
    var servicePort = ServicePort(
        name: ServicePortName(namespace: "n", service: "s", port: "", transport: .tcp),
        clusterIP: IPAddress(ipv4: 0x0a60_0001), port: 80)
    var node = Node(name: "here", labels: [Node.zoneLabel: "a"])
    var endpoints: [Endpoint] = []

    mutating func add(
        _ conditions: EndpointConditions = [.ready, .serving], on node: String = "there", zones: Set<String> = [],
        nodes: Set<String> = []
    ) {
        endpoints.append(
            Endpoint(
                address: IPAddress(ipv4: 0x0af4_0001 + UInt32(endpoints.count)), port: 8080, conditions: conditions,
                nodeName: node, zoneHints: zones, nodeHints: nodes))
    }

    var selection: EndpointSelection { EndpointSelection(of: endpoints, for: servicePort, on: node) }
}

private let terminating: EndpointConditions = [.serving, .terminating]

@Suite struct EndpointSelectionTests {
    @Test func clusterPolicyUsesAllReadyEndpoints() {
        var scene = Scene()
        scene.add(on: "here")
        scene.add([])
        scene.add(terminating)
        scene.add([.terminating])
        let selection = scene.selection
        #expect(selection.clusterVerdicts == [.used, .notReady, .terminating, .notReady])
        #expect(selection.localVerdicts.allSatisfy { $0 == .listUnused })
        #expect(selection.hasUsableEndpoints)
        #expect(selection.clusterEndpoints == [scene.endpoints[0]])
    }

    @Test func terminatingEndpointsServeWhenNoneIsReady() {
        var scene = Scene()
        scene.add([])
        scene.add(terminating)
        scene.add([.terminating])
        #expect(scene.selection.clusterVerdicts == [.notReady, .usedWhileTerminating, .notReady])
        #expect(scene.selection.hasUsableEndpoints)
    }

    @Test func bothListsFallBackOnTheirOwn() {
        var scene = Scene()
        scene.servicePort.nodePort = 30080
        scene.servicePort.externalTrafficPolicy = .local
        scene.add(on: "there")
        scene.add(terminating, on: "here")
        scene.add(terminating, on: "there")
        let selection = scene.selection
        #expect(selection.clusterVerdicts == [.used, .terminating, .terminating])
        #expect(selection.localVerdicts == [.notLocal, .usedWhileTerminating, .notLocal])
        #expect(selection.reachableEndpoints == Array(scene.endpoints[..<2]))
    }

    @Test func remoteEndpointsOfALocalServiceCountAsUsable() {
        var scene = Scene()
        scene.servicePort.internalTrafficPolicy = .local
        scene.add(on: "there")
        #expect(scene.selection.hasUsableEndpoints)
        #expect(scene.selection.localEndpoints.isEmpty)
        #expect(scene.selection.clusterVerdicts == [.listUnused])
        #expect(scene.selection.topology == .notConsulted)
        scene.endpoints[0].conditions = []
        #expect(!scene.selection.hasUsableEndpoints)
    }

    @Test func localPolicyWithoutAnyExternalAddressIsClusterPolicy() {
        var scene = Scene()
        scene.servicePort.externalTrafficPolicy = .local
        scene.add()
        #expect(scene.selection.localVerdicts == [.listUnused])
    }

    @Test func zoneHintsAreFollowedIfAllHaveThemAndOneMeansUs() {
        var scene = Scene()
        scene.add(zones: ["a"])
        scene.add(zones: ["b"])
        scene.add([], zones: [])
        #expect(scene.selection.topology == .sameZone("a"))
        #expect(scene.selection.clusterVerdicts == [.used, .otherZone, .notReady])
    }

    @Test func oneReadyEndpointWithoutHintSwitchesHintsOff() {
        var scene = Scene()
        scene.add(zones: ["a"])
        scene.add()
        #expect(scene.selection.topology == .ignoredEndpointWithoutHint(scene.endpoints[1]))
        #expect(scene.selection.clusterVerdicts == [.used, .used])
    }

    @Test func hintsForOthersOnlyAreIgnored() {
        var scene = Scene()
        scene.add(zones: ["b"])
        #expect(scene.selection.topology == .ignoredNoneForZone("a"))
        scene.node.labels = [:]
        #expect(scene.selection.topology == .ignoredNodeWithoutZone)
        #expect(scene.selection.clusterVerdicts == [.used])
    }

    @Test func nodeHintsComeBeforeZoneHints() {
        var scene = Scene()
        scene.add(zones: ["a"], nodes: ["here"])
        scene.add(zones: ["a"], nodes: ["there"])
        #expect(scene.selection.topology == .sameNode)
        #expect(scene.selection.clusterVerdicts == [.used, .otherNode])
        scene.endpoints[0].nodeHints = ["elsewhere"]
        #expect(scene.selection.topology == .sameZone("a"))
        scene.endpoints[0].zoneHints = []
        scene.endpoints[1].zoneHints = []
        #expect(scene.selection.topology == .ignoredNoneForNode)
    }

    @Test func hintsDoNotShapeTheLocalList() {
        var scene = Scene()
        scene.servicePort.nodePort = 30080
        scene.servicePort.externalTrafficPolicy = .local
        scene.add(on: "here", zones: ["b"])
        scene.add(on: "there", zones: ["a"])
        #expect(scene.selection.clusterVerdicts == [.otherZone, .used])
        #expect(scene.selection.localVerdicts == [.used, .notLocal])
        #expect(scene.selection.reachableEndpoints.count == 2)
    }

    @Test func withoutEndpointsNothingIsUsable() {
        let selection = Scene().selection
        #expect(!selection.hasUsableEndpoints)
        #expect(selection.topology == .noHints)
        #expect(selection.explanation == ["no endpoints"])
    }

    @Test func saysWhyAnEndpointIsNotUsed() {
        var scene = Scene()
        scene.servicePort.nodePort = 30080
        scene.servicePort.externalTrafficPolicy = .local
        scene.add(zones: ["a"])
        scene.add([], on: "here")
        #expect(
            scene.selection.explanation == [
                "hints: only endpoints meant for zone a",
                "10.244.0.1:8080: policy Cluster: used; policy Local: not used: it is not on this node",
                "10.244.0.2:8080: not used: it is not ready",
            ])
    }
}

// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import ServiceModel
import Testing

@testable import Proxy

@Suite("What is known of the cluster") struct ClusterStateTests {
    private let web = ServiceName(name: "web")
    private let api = ServiceName(name: "api")

    @Test("is complete when each required kind has been listed, be it empty")
    func completeness() {
        var state = ClusterState(requiredKinds: [.service, .endpointSlice])
        #expect(state.missingKinds == [.service, .endpointSlice])
        #expect(!state.take(.listed(.service, [])).completes)
        #expect(!state.take(.changed(Sample.slice("web", ["10.0.0.1"]))).completes)
        #expect(state.take(.listed(.endpointSlice, [])).completes)
        #expect(!state.take(.listed(.endpointSlice, [])).completes)
        #expect(state.isComplete)
    }

    @Test("changes with an object that differs, and not with one that does not")
    func changes() {
        var state = ClusterState(requiredKinds: [])
        #expect(state.take(.changed(Sample.service("web"))).services == [web])
        #expect(state.take(.changed(Sample.service("web"))).isEmpty)
        #expect(state.take(.changed(Sample.service("web", ip: "10.96.0.2"))).services == [web])
        #expect(state.take(.changed(Sample.slice("web", ["10.0.0.1"]))).services == [web])
        #expect(state.take(.removed(.endpointSlice, ObjectName(name: "web-s"))).services == [web])
        #expect(state.take(.removed(.endpointSlice, ObjectName(name: "web-s"))).isEmpty)
        #expect(state.take(.changed(Sample.node(podCIDR: "10.244.0.0/24"))).touchesNodes)
        #expect(state.take(.changed(Sample.node(podCIDR: "10.244.0.0/24"))).isEmpty)
    }

    @Test("names both Services when a slice goes from one to another")
    func moving() throws {
        var state = ClusterState(requiredKinds: [])
        guard case .endpointSlice(var slice) = Sample.slice("web", ["10.0.0.1"]) else { return }
        _ = state.take(.changed(.endpointSlice(slice)))
        slice.serviceName = "api"
        #expect(state.take(.changed(.endpointSlice(slice))).services == [web, api])
    }

    @Test("loses what a new list does not have, except what is there and cannot be read")
    func lists() {
        var state = ClusterState(requiredKinds: [])
        _ = state.take(.listed(.service, [Sample.service("web"), Sample.service("api")]))
        let same = [Sample.service("api"), Sample.service("web")]
        #expect(state.take(.listed(.service, same)).isEmpty)
        let unreadable = UnreadableObject(kind: .service, name: ObjectName(api), diagnostics: [])
        #expect(state.take(.listed(.service, [], unreadable: [unreadable])).services == [web])
        #expect(state.objects.services.keys.map(\.name) == ["api"])
    }
}

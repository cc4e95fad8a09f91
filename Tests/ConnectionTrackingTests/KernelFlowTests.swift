// SPDX-License-Identifier: Apache-2.0

import Foundation
import NetworkTypes
import TestSupport
import Testing

/// Real datagrams, real rules and the kernel's own flows, in namespaces made for it.
@Suite(.needsKernel, .serialized) struct KernelFlowTests {
    private typealias Lab = FlowLab

    @Test(arguments: IPFamily.allCases)
    func aClientThatKeepsSendingReachesTheNewEndpoint(family: IPFamily) throws {
        let lab = try Lab()
        let service = Lab.clusterIP(family)
        try lab.apply(Lab.manifest(.one))
        #expect(try lab.ask(service) == "pod-11")

        let changed = Lab.manifest(.two)
        try lab.apply(changed)
        // This is why all this is needed: the rules are right, and the client still asks the old endpoint.
        #expect(try lab.ask(service) == "pod-11")
        #expect(try lab.clean(changed, family) == 1)
        #expect(try lab.ask(service) == "pod-12")
        #expect(try lab.clean(changed, family) == 0)
    }

    @Test(arguments: IPFamily.allCases)
    func aServiceMayLoseItsLastEndpointAndGetAnother(family: IPFamily) throws {
        let lab = try Lab()
        let service = Lab.clusterIP(family)
        try lab.apply(Lab.manifest(.one))
        #expect(try lab.ask(service) == "pod-11")

        // kubernetes#139628
        let empty = Lab.manifest()
        try lab.apply(empty)
        #expect(try lab.ask(service) == "pod-11")
        #expect(try lab.clean(empty, family) == 1)
        #expect(try lab.ask(service) == "refused")

        let changed = Lab.manifest(.two)
        try lab.apply(changed)
        #expect(try lab.clean(changed, family) == 0)
        #expect(try lab.ask(service) == "pod-12")
    }

    @Test(arguments: IPFamily.allCases)
    func validFlowsStayTheFlowsTheyAre(family: IPFamily) throws {
        let lab = try Lab()
        let service = Lab.clusterIP(family)
        let before = Lab.manifest(.one, .two)
        try lab.apply(before)
        var podByPort: [Int: String] = [:]
        // 24 clients: that all get the same pod happens once in 8 million times.
        for port in 40_000..<40_024 { podByPort[port] = try lab.ask(service, from: port) }
        try #require(Set(podByPort.values) == ["pod-11", "pod-12"])
        let flows = try lab.flows(family)

        // The first sync after a restart checks everything.
        #expect(try lab.clean(before, family) == 0)
        #expect(try lab.flows(family) == flows)

        let changed = Lab.manifest(.one, .three)
        try lab.apply(changed)
        #expect(try lab.clean(changed, family) == podByPort.values.count { $0 == "pod-12" })
        let lost = "answered by \(Lab.Pod.two.end(family))"
        #expect(try lab.flows(family) == flows.filter { !$0.contains(lost) })
        let (keeper, _) = try #require(podByPort.first { $0.value == "pod-11" })
        #expect(try lab.ask(service, from: keeper) == "pod-11")
    }

    @Test(arguments: IPFamily.allCases)
    func flowsOlderThanTheRulesDoNotPassThemBy(family: IPFamily) throws {
        let lab = try Lab()
        let (service, node) = (Lab.clusterIP(family), Lab.nodeAddress(family))
        // The kernel tracks flows as soon as any rule asks for it.
        try lab.apply("")
        #expect(try lab.ask(service) == "silence")
        #expect(try lab.ask(node, port: Lab.nodePort) == "refused")

        let manifest = Lab.manifest(.one, nodePorts: true)
        try lab.apply(manifest)
        #expect(try lab.ask(service) == "silence")
        #expect(try lab.ask(node, port: Lab.nodePort) == "refused")
        #expect(try lab.clean(manifest, family, ["--node-port-addresses", node]) == 2)
        #expect(try lab.ask(service) == "pod-11")
        #expect(try lab.ask(node, port: Lab.nodePort) == "pod-11")
    }

    @Test(arguments: IPFamily.allCases)
    func aNodePortLeadsToTheNewEndpointToo(family: IPFamily) throws {
        let lab = try Lab()
        let node = Lab.nodeAddress(family)
        try lab.apply(Lab.manifest(.one, nodePorts: true))
        #expect(try lab.ask(node, port: Lab.nodePort) == "pod-11")

        let changed = Lab.manifest(.two, nodePorts: true)
        try lab.apply(changed)
        #expect(try lab.ask(node, port: Lab.nodePort) == "pod-11")
        #expect(try lab.clean(changed, family, ["--node-port-addresses", node]) == 1)
        #expect(try lab.ask(node, port: Lab.nodePort) == "pod-12")
    }

    @Test(arguments: IPFamily.allCases)
    func flowsOfOthersStay(family: IPFamily) throws {
        let lab = try Lab()
        let node = Lab.nodeAddress(family)
        try lab.serve(.three, .udp, port: Lab.nodePort)
        try lab.serve(.one, .tcp, port: 80)
        try lab.apply(Lab.manifest(.one, nodePorts: true))
        // To a host behind the node, by the number of the node port.
        #expect(try lab.ask(Lab.Pod.three.address(family), port: Lab.nodePort) == "pod-13")
        // To an endpoint, past the Service.
        #expect(try lab.ask(Lab.Pod.one.address(family)) == "pod-11")
        let host = family == .ipv4 ? Lab.clusterIP(family) : "[\(Lab.clusterIP(family))]"
        #expect(try lab.run("client", ["curl", "-gs", "--max-time", "5", "http://\(host)/"]).contains("pod-11"))
        let flows = try lab.flows(family)
        let connections = try lab.flows(family, .tcp)
        try #require(flows.count == 2 && connections.count == 1)

        let changed = Lab.manifest(.two, nodePorts: true)
        try lab.apply(changed)
        #expect(try lab.clean(changed, family, ["--node-port-addresses", node]) == 0)
        #expect(try lab.flows(family) == flows)
        #expect(try lab.flows(family, .tcp) == connections)
    }

    @Test func aDeletedServiceLeavesNoFlows() throws {
        let lab = try Lab()
        let manifest = Lab.manifest(.one)
        try lab.apply(manifest)
        #expect(try lab.ask(Lab.clusterIP(.ipv4)) == "pod-11")
        try lab.apply("")
        #expect(try lab.ask(Lab.clusterIP(.ipv4)) == "pod-11")

        let file = FileManager.default.temporaryDirectory.appending(path: "ct-\(UUID().uuidString).yaml")
        try Data(manifest.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(try lab.clean("", .ipv4, ["--former", file.path]) == 1)
        #expect(try lab.ask(Lab.clusterIP(.ipv4)) == "silence")
    }

    @Test func aFlowIsDeletedByItsNumberAndNotByItsAddressesAlone() throws {
        let lab = try Lab()
        try lab.apply(Lab.manifest(.one))
        #expect(try lab.ask(Lab.clusterIP(.ipv4)) == "pod-11")
        let flows = try lab.flows(.ipv4)
        #expect(try lab.deleteByWrongNumbers(.ipv4) == "deleted 0, gone 1, refused 0\n")
        #expect(try lab.flows(.ipv4) == flows)
    }

    @Test func withoutPermissionItSaysWhatToDo() throws {
        let lab = try Lab()
        let result = try lab.probe(["list", "ipv4"], dropping: "cap_net_admin")
        #expect(result.status == 1)
        #expect(result.output.contains("listing IPv4 flows: Operation not permitted (EPERM); run as root"))
    }
}

// SPDX-License-Identifier: Apache-2.0

import NetworkTypes
import ServiceModel
import Testing

@testable import KubernetesObjects

@Suite("Objects together")
struct ClusterObjectsTests {
    private static let two = documents(
        service("b", spec: "type: NodePort", ports: "ports: [{name: x, port: 80, nodePort: 30000}]"),
        service("a", spec: "type: NodePort", ports: "ports: [{port: 80, nodePort: 30000}]"))

    @Test("two claims to one address or node port are reported, and the first in order wins")
    func claims() {
        let rest =
            "is claimed by default/a too, which comes first and gets the connections; only one Service can have it"
        #expect(
            messages(Self.two) == [
                "warning: f.yaml: document 1: Service default/b: 10.0.0.1:80/TCP of default/b:x \(rest)",
                "warning: f.yaml: document 1: Service default/b: the node port 30000/TCP of default/b:x \(rest)",
            ])
        #expect(
            read(("f.yaml", Self.two)).objects.snapshot(family: .ipv4).servicePorts.map(\.servicePort.name.service)
                == ["a", "b"])
    }

    @Test("external IPs and load balancer addresses are claims too, other protocols and ports are not")
    func otherClaims() {
        let vip = "status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}"
        let text = documents(
            service("a", spec: "externalIPs: [192.0.2.1]"), service("b", clusterIP: "clusterIP: 10.0.0.2", rest: vip),
            service("c", clusterIP: "clusterIP: 10.0.0.2", ports: "ports: [{port: 80, protocol: UDP}, {port: 81}]"))
        #expect(messages(text).count == 1)
        #expect(
            messages(text).first?.contains("default/b: 192.0.2.1:80/TCP of default/b is claimed by default/a") == true)
    }

    @Test("a node port of a dual-stack Service is reported once")
    func dualStackClaims() {
        let ports = "ports: [{port: 80, nodePort: 30000}]"
        let text = documents(
            service("a", spec: "clusterIPs: [10.0.0.1, fd00::1]", ports: ports),
            service("b", spec: "clusterIPs: [10.0.0.2, fd00::2]", clusterIP: "", ports: ports))
        #expect(messages(text).count == 1)
    }

    @Test("a health check node port that is also that of another Service, or a node port, is reported")
    func healthCheckClaims() {
        let local = "type: LoadBalancer\n  externalTrafficPolicy: Local\n  healthCheckNodePort: 30080"
        let text = documents(
            service("d", spec: local, clusterIP: "clusterIP: 10.0.0.1"),
            service(
                "c", spec: local, clusterIP: "clusterIP: 10.0.0.2", ports: "ports: [{port: 80}, {name: b, port: 81}]"))
        #expect(
            messages(text) == [
                "warning: f.yaml: document 1: Service default/d: the healthCheckNodePort 30080 of default/d is that of "
                    + "default/c too, which comes first and is answered for; load balancers get the wrong health of default/d"
            ])
        let withNodePort = documents(
            service("c", spec: local, clusterIP: "clusterIP: 10.0.0.1"),
            service("z", clusterIP: "clusterIP: 10.0.0.2", ports: "ports: [{port: 80, nodePort: 30080}]"))
        #expect(
            messages(withNodePort) == [
                "warning: f.yaml: document 1: Service default/c: the healthCheckNodePort 30080 of default/c is a node port "
                    + "of default/z too, which gets the connections; load balancers cannot ask for the health of default/c"
            ])
    }

    @Test(
        "claims follow Services that come, change and go, as if all were claimed anew",
        arguments: 0..<10 as Range<UInt64>)
    func incrementalClaims(seed: UInt64) {
        var random = SplitMix(state: seed)
        var claims = ServiceClaims()
        var services: [String: Service] = [:]
        for _ in 0..<200 {
            let name = "s\(random.next() % 6)"
            if let old = services.removeValue(forKey: name) { claims.remove(old) }
            if random.next() % 4 > 0 {
                var reader = ManifestReader()
                let local =
                    "type: LoadBalancer\n  externalTrafficPolicy: Local\n  healthCheckNodePort: \(30000 + random.next() % 3)"
                let text = service(
                    name, spec: local, clusterIP: "clusterIP: 10.0.0.\(1 + random.next() % 4)",
                    ports: "ports: [{port: 80, nodePort: \(30000 + random.next() % 4)}]")
                reader.read(Array(text.utf8), file: "f.yaml")
                services[name] = reader.objects.services.values.first
                if let new = services[name] { claims.insert(new) }
            }
            var anew = ServiceClaims()
            for service in services.values.shuffled() { anew.insert(service) }
            #expect(claims.conflicts == anew.conflicts)
        }
        for service in services.values { claims.remove(service) }
        #expect(claims.conflicts.isEmpty)
    }

    @Test("Endpoints of no Service are reported")
    func strayEndpoints() {
        #expect(
            messages("apiVersion: v1\nkind: Endpoints\nmetadata: {name: x}\n") == [
                "warning: f.yaml: document 1: Endpoints default/x: the input has no Service of that name; the object "
                    + "is not used"
            ])
    }

    @Test("the order of documents and files does not matter", arguments: 0..<20 as Range<UInt64>)
    func shuffled(seed: UInt64) {
        var random = SplitMix(state: seed)
        var texts: [String] = []
        for index in 0..<12 {
            let conditions = index.isMultiple(of: 3) ? "{ready: false, terminating: true}" : "{}"
            texts.append(service("s\(index)", clusterIP: "clusterIP: 10.0.\(index % 5).1"))
            for part in 0..<3 {
                texts.append(
                    slice(
                        "s\(index)-\(part)", service: "s\(index)",
                        endpoints: "[{addresses: [10.1.\(part).1]}, {addresses: [10.1.0.9], conditions: \(conditions)}]"
                    ))
            }
        }
        let expected = read(("f.yaml", texts.joined(separator: "---\n")))
        texts.shuffle(using: &random)
        let half = texts.count / 2
        let shuffled = read(
            ("g.yaml", texts[half...].joined(separator: "---\n")), ("f.yaml", texts[..<half].joined(separator: "---\n"))
        )
        #expect(shuffled.objects.snapshot(family: .ipv4) == expected.objects.snapshot(family: .ipv4))
        #expect(shuffled.log.diagnostics.map(\.message) == expected.log.diagnostics.map(\.message))
    }

    @Test("objects can be changed and removed one by one")
    func changes() throws {
        let web = ServiceName(name: "web")
        var objects = read(("f.yaml", documents(service(), slice(), slice("web-0")))).objects
        #expect(objects.slices(of: web).map(\.name.name) == ["web-0", "web-1"])
        var moved = try #require(objects.endpointSlices[ObjectName(name: "web-0")])
        moved.serviceName = "other"
        objects.insert(.endpointSlice(moved))
        #expect(objects.slices(of: web).map(\.name.name) == ["web-1"])
        objects.remove(.endpointSlice, ObjectName(name: "web-1"))
        #expect(!objects.hasSlices(of: web))
        #expect(objects.servicePorts(of: web, family: .ipv4).map(\.endpoints) == [[]])
        objects.remove(.service, ObjectName(web))
        #expect(objects.servicePorts(of: web, family: .ipv4).isEmpty)
    }
}

/// A small repeatable source of random numbers (SplitMix64).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import NetworkTypes
import ServiceModel
import Testing

@Suite("Annotations for kubetables") struct ServiceAnnotationTests {
    private func service(_ annotations: String) throws -> (mode: AffinityMode?, messages: [String]) {
        let text = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, annotations: {\(annotations)}}
            spec: {clusterIP: 10.96.0.1, sessionAffinity: ClientIP, ports: [{port: 80}]}
            """
        let (objects, log) = read(("web.yaml", text))
        let service = try #require(objects.services[ServiceName(name: "web")])
        let ports = service.servicePorts(.ipv4)
        #expect(ports.map(\.affinityMode) == [service.affinityMode])
        return (service.affinityMode, log.diagnostics.map { "\($0)" })
    }

    @Test("choose how clients are kept at an endpoint", arguments: AffinityMode.allCases)
    func mode(mode: AffinityMode) throws {
        let found = try service("kubetables.io/session-affinity-mode: \(mode.rawValue), example.com/other: x")
        #expect(found.mode == mode && found.messages.isEmpty)
        #expect(try service("").mode == nil)
    }

    @Test("with an unknown name or value have no effect, and the choices are in the warning")
    func unknown() throws {
        let value = try service("kubetables.io/session-affinity-mode: hush")
        #expect(value.mode == nil && value.messages.count == 1)
        #expect(value.messages[0].contains("unknown mode \"hush\": must be recent or hash"), "\(value.messages)")
        let name = try service("kubetables.io/sesion-affinity-mode: hash")
        #expect(name.mode == nil && name.messages.count == 1)
        #expect(name.messages[0].contains("unknown annotation"), "\(name.messages)")
        #expect(name.messages[0].contains("kubetables.io/session-affinity-mode"))
    }
}

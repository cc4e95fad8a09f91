// SPDX-License-Identifier: Apache-2.0

import Foundation
import KubernetesObjects
import NetworkTypes
import ServiceModel
import TestSupport
import Testing

@Suite("Annotations for kubetables") struct ServiceAnnotationTests {
    private func read(_ annotations: String) throws -> (port: ServicePort, messages: [String]) {
        let text = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, annotations: {\(annotations)}}
            spec: {clusterIP: 10.96.0.1, sessionAffinity: ClientIP, ports: [{port: 80}]}
            """
        let (objects, log) = KubernetesObjectsTests.read(("web.yaml", text))
        let service = try #require(objects.services[ServiceName(name: "web")])
        let ports = service.servicePorts(.ipv4)
        return (try #require(ports.first), log.diagnostics.map { "\($0)" })
    }

    @Test("leave everything to the node if there are none, and those of other programs are nobody's business here")
    func none() throws {
        for annotations in ["", "example.com/balance: x, balance: round-robin, kubetables.io: x"] {
            let (port, messages) = try read(annotations)
            #expect(port.balance == nil && port.affinityMode == nil && messages.isEmpty)
            #expect(port.retriesConnections == nil && port.ejectsOutliers == nil)
        }
    }

    @Test("choose how clients are kept at an endpoint", arguments: AffinityMode.allCases)
    func affinityMode(mode: AffinityMode) throws {
        let (port, messages) = try read("kubetables.io/session-affinity-mode: \(mode.rawValue), example.com/other: x")
        #expect(port.affinityMode == mode && messages.isEmpty)
    }

    @Test("choose how connections are spread", arguments: ["random", "round-robin", "source-hash"])
    func balance(policy: String) throws {
        let (port, messages) = try read("kubetables.io/balance: \(policy)")
        #expect(port.balance?.rawValue == policy && messages.isEmpty)
    }

    @Test("switch retries and ejections on and off, each for itself", arguments: [true, false])
    func switches(isOn: Bool) throws {
        let retry = try read("kubetables.io/retry: \"\(isOn)\"")
        #expect(retry.port.retriesConnections == isOn && retry.port.ejectsOutliers == nil && retry.messages.isEmpty)
        let ejection = try read("kubetables.io/outlier-ejection: '\(isOn)'")
        #expect(ejection.port.ejectsOutliers == isOn && ejection.port.retriesConnections == nil)
        #expect(ejection.messages.isEmpty)
    }

    @Test(
        "with an unknown value have no effect, and the choices are in the warning",
        arguments: [
            ("session-affinity-mode: hush", "unknown mode \"hush\": must be \"recent\" or \"hash\""),
            (
                "balance: least-conn",
                "unknown policy \"least-conn\": must be \"random\", \"round-robin\" or \"source-hash\""
            ),
            ("balance: Round-Robin", "unknown policy \"Round-Robin\""), ("balance: ''", "unknown policy \"\""),
            ("retry: 'yes'", "unknown value \"yes\": must be \"true\" or \"false\""),
            ("outlier-ejection: 'True'", "unknown value \"True\": must be \"true\" or \"false\""),
        ])
    func unknownValue(annotation: String, message: String) throws {
        let (port, messages) = try read("kubetables.io/\(annotation)")
        #expect(port.balance == nil && port.affinityMode == nil)
        #expect(port.retriesConnections == nil && port.ejectsOutliers == nil)
        let place = "web.yaml: document 1: line 3: Service default/web: metadata.annotations.kubetables.io/"
        #expect(messages.count == 1)
        #expect(messages[0].hasPrefix("\(place)\(annotation.prefix { $0 != ":" }): "), "\(messages)")
        #expect(messages[0].contains(message) && messages[0].hasSuffix("; the node's default is used"), "\(messages)")
    }

    @Test("that are no text are warned about, as the API refuses them")
    func noText() throws {
        let (port, messages) = try read("kubetables.io/retry: true")
        #expect(port.retriesConnections == nil && messages.count == 1)
        #expect(messages[0].contains("unknown value true: must be \"true\" or \"false\""), "\(messages)")
    }

    @Test(
        "with an unknown name are warned about, with the one that was probably meant",
        arguments: [
            ("sesion-affinity-mode", "session-affinity-mode"), ("balanse", "balance"), ("Retry", "retry"),
            ("retries", "retry"), ("outlier-ejections", "outlier-ejection"),
        ])
    func unknownName(name: String, meant: String) throws {
        let (port, messages) = try read("kubetables.io/\(name): hash")
        #expect(port.affinityMode == nil && messages.count == 1)
        #expect(
            messages[0].hasSuffix("unknown annotation; did you mean \"kubetables.io/\(meant)\"?"), "\(messages)")
    }

    @Test("with a name that is like no other are warned about with all that there are")
    func strangeName() throws {
        let (_, messages) = try read("kubetables.io/endpoint-weights: x")
        #expect(messages.count == 1)
        #expect(
            messages[0].hasSuffix(
                "unknown annotation; known are \"kubetables.io/balance\", \"kubetables.io/session-affinity-mode\", "
                    + "\"kubetables.io/retry\" and \"kubetables.io/outlier-ejection\""), "\(messages)")
    }

    @Test("with a name that has control characters are shown with these escaped")
    func controlCharacters() throws {
        let (_, messages) = try read(#""kubetables.io/bala\tnce\u001b[31m": x"#)
        #expect(messages.count == 1)
        #expect(
            messages[0].contains(#"metadata.annotations.kubetables.io/bala\tnce\u{1b}[31m: unknown annotation"#),
            "\(messages)")
    }

    @Test("are all in one table of the guide, with their values", arguments: ServiceAnnotation.all.map(\.name))
    func table(name: String) throws {
        let page = Repository.root.appending(path: "Sources/kubetables/Documentation.docc/Balancing.md")
        let lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
        let row = try #require(lines.first { $0.hasPrefix("| `\(name)` | ") }, "no row for \(name)")
        let annotation = try #require(ServiceAnnotation.all.first { $0.name == name })
        let isSwitch = annotation.choices == ["true", "false"]
        let values = annotation.choices.map { isSwitch ? "`\"\($0)\"`" : "`\($0)`" }.joined(separator: ", ")
        #expect(row.contains("| \(values) |"), "\(row)")
    }
}

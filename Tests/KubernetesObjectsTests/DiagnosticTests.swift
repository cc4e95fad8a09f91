// SPDX-License-Identifier: Apache-2.0

import Documents
import Testing

@testable import KubernetesObjects

@Suite("Findings about fields")
struct DiagnosticTests {
    private static let web = "error: f.yaml: document 1: Service default/web: "
    private static let webWarning = "warning: f.yaml: document 1: Service default/web: "

    @Test(
        "Services: errors",
        arguments: [
            (
                service(ports: "ports: [{port: 70000}]"),
                "spec.ports[0].port: invalid port 70000: must be from 1 to 65535"
            ),
            (service(ports: "ports: [{port: 0}]"), "spec.ports[0].port: invalid port 0: must be from 1 to 65535"),
            (
                service(ports: "ports: [{port: \"80\"}]"),
                "spec.ports[0].port: must be a whole number, not the string \"80\"; write it without quotes"
            ),
            (
                service(ports: "ports: [{port: 80.5}]"),
                "spec.ports[0].port: must be a whole number, not the number 80.5"
            ),
            (
                service(ports: "ports: [{port: 1e400}]"),
                "spec.ports[0].port: must be a whole number; 1e400 is too large"
            ),
            (
                service(ports: "ports: [{name: http}]"),
                "spec.ports[0].port: is missing; it must be a port from 1 to 65535"
            ),
            (
                service(ports: "ports: [{port: 80, nodePort: -1}]"),
                "spec.ports[0].nodePort: invalid port -1: must be from 1 to 65535, or 0 for none"
            ),
            (
                service(ports: "ports: [{port: 80, protocol: tcp}]"),
                "spec.ports[0].protocol: unsupported value \"tcp\" (supported: TCP, UDP, SCTP)"
            ),
            (
                service(ports: "ports: [{port: 80, name: A_b}]"),
                "spec.ports[0].name: invalid DNS label \"A_b\": must be 1 to 63 of the characters a-z, 0-9 and \"-\", beginning "
                    + "and ending with a letter or digit"
            ),
            (service(ports: "ports: 80"), "spec.ports: must be a list, not the integer 80"),
            (service(ports: "ports: [80]"), "spec.ports[0]: must be a mapping, not the integer 80"),
            (service(ports: "ports: []"), "spec.ports: is missing; it must be a list of at least one port"),
            (service(clusterIP: "clusterIP: 10.0.0"), "spec.clusterIP: invalid IP address \"10.0.0\""),
            (
                service(clusterIP: "clusterIP: 10"),
                "spec.clusterIP: must be a string, not the integer 10; put it in quotes"
            ),
            (service(clusterIP: "clusterIP: [10.0.0.1]"), "spec.clusterIP: must be a string, not a list"),
            (
                service(spec: "type: Clusterip"),
                "spec.type: unsupported value \"Clusterip\" (supported: ClusterIP, NodePort, LoadBalancer, ExternalName)"
            ),
            (
                service(spec: "sessionAffinity: clientIP"),
                "spec.sessionAffinity: unsupported value \"clientIP\" (supported: None, ClientIP)"
            ),
            (
                service(spec: "internalTrafficPolicy: Node"),
                "spec.internalTrafficPolicy: unsupported value \"Node\" (supported: Cluster, Local)"
            ),
            (
                service(spec: "externalTrafficPolicy: local"),
                "spec.externalTrafficPolicy: unsupported value \"local\" (supported: Cluster, Local)"
            ),
            (
                service(spec: "healthCheckNodePort: 65536"),
                "spec.healthCheckNodePort: invalid port 65536: must be from 1 to 65535, or 0 for none"
            ),
            (
                service(
                    spec: "sessionAffinity: ClientIP\n  sessionAffinityConfig: {clientIP: {timeoutSeconds: 86401}}"),
                "spec.sessionAffinityConfig.clientIP.timeoutSeconds: invalid timeout 86401: must be from 1 to 86400 "
                    + "seconds"
            ),
            (
                service(spec: "ipFamilies: [IPv6]"),
                "spec.clusterIP: invalid IPv6 address 10.0.0.1: ipFamilies[0] is IPv6"
            ),
            (
                service(spec: "clusterIPs: [10.0.0.1, 10.0.0.2]\n  ipFamilies: [IPv4, IPv6]"),
                "spec.clusterIPs[1]: invalid IPv6 address 10.0.0.2: ipFamilies[1] is IPv6"
            ),
            (
                service(spec: "ipFamilies: [ipv4]"),
                "spec.ipFamilies[0]: unsupported value \"ipv4\" (supported: IPv4, IPv6)"
            ),
            (
                service(spec: "loadBalancerSourceRanges: [10.0.0.0/33]"),
                "spec.loadBalancerSourceRanges[0]: invalid CIDR \"10.0.0.0/33\": the prefix length must be 0–32"
            ),
            (
                service(spec: "externalIPs: [1]"),
                "spec.externalIPs[0]: must be a string, not the integer 1; put it in quotes"
            ),
            (
                service(rest: "status: {loadBalancer: {ingress: [{ip: x}]}}"),
                "status.loadBalancer.ingress[0].ip: invalid IP address \"x\""
            ),
            (
                service(rest: "status: {loadBalancer: {ingress: [{ip: 1.1.1.1, ipMode: vip}]}}"),
                "status.loadBalancer.ingress[0].ipMode: unsupported value \"vip\" (supported: VIP, Proxy)"
            ),
            (
                "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n",
                "spec: is missing; it must be a mapping with the ports of the Service"
            ),
        ])
    func serviceErrors(text: String, expected: String) {
        #expect(messages(text) == [Self.web + expected])
    }

    @Test(
        "Services: warnings",
        arguments: [
            (
                service(clusterIP: "clusterIP: 010.0.0.1"),
                "spec.clusterIP: \"010.0.0.1\" is read as 10.0.0.1; write it so"
            ),
            (
                service(clusterIP: "clusterIP: \"\""),
                "spec.clusterIP: the Service has none and is skipped; an API server would allocate one, so write one"
            ),
            (
                service(clusterIP: ""),
                "spec.clusterIP: the Service has none and is skipped; an API server would allocate one, so write one"
            ),
            (
                service(spec: "clusterIPs: [10.0.0.2]"),
                "spec.clusterIP: 10.0.0.1 is not the first of clusterIPs, 10.0.0.2; clusterIPs is used"
            ),
            (
                service(spec: "externalIPs: [192.0.2.1, 192.0.2.1]"),
                "spec.externalIPs[1]: duplicate address 192.0.2.1: its rules are repeated"
            ),
            (
                service(spec: "externalIPs: [\"\"]"),
                "spec.externalIPs[0]: invalid IP address \"\": the entry is ignored"
            ),
            (
                service(spec: "externalIPs: [example]"),
                "spec.externalIPs[0]: invalid IP address \"example\": the entry is ignored"
            ),
            (
                service(spec: "loadBalancerSourceRanges: [\" 10.0.0.0/8\"]"),
                "spec.loadBalancerSourceRanges[0]: \" 10.0.0.0/8\" is read as 10.0.0.0/8; write it so"
            ),
            (
                service(spec: "loadBalancerSourceRanges: [172.16.5.4/12]"),
                "spec.loadBalancerSourceRanges[0]: \"172.16.5.4/12\" is read as 172.16.0.0/12; write it so"
            ),
            (
                service(ports: "ports: [{port: 80}, {port: 81}]"),
                "spec.ports[1]: duplicate TCP port without a name: this one replaces the earlier one"
            ),
            (
                service(ports: "ports: [{name: a, port: 80, protocol: UDP}, {name: a, port: 81, protocol: UDP}]"),
                "spec.ports[1]: duplicate UDP port named \"a\": this one replaces the earlier one"
            ),
        ])
    func serviceWarnings(text: String, expected: String) {
        #expect(messages(text) == [Self.webWarning + expected])
    }

    @Test(
        "EndpointSlices",
        arguments: [
            (
                slice(endpoints: "[{addresses: [fd00::1]}]"),
                "error", "endpoints[0].addresses[0]: invalid IPv4 address fd00::1: the addressType of the slice is IPv4"
            ),
            (slice(endpoints: "[{addresses: [x]}]"), "error", "endpoints[0].addresses[0]: invalid IP address \"x\""),
            (slice(endpoints: "[{}]"), "error", "endpoints[0].addresses: is missing; it must be a list of one address"),
            (
                slice(endpoints: "[{addresses: [10.1.0.1], conditions: {ready: 1}}]"),
                "error", "endpoints[0].conditions.ready: must be true or false, not the integer 1"
            ),
            (
                slice(endpoints: "[{addresses: [10.1.0.1], hints: {forZones: [{}]}}]"),
                "error", "endpoints[0].hints.forZones[0].name: is missing; it must be the name of a zone or node"
            ),
            (
                slice(ports: "[{port: 65536}]"), "error",
                "ports[0].port: invalid port 65536: must be from 1 to 65535"
            ),
            (
                slice(ports: "[{port: 1, protocol: ICMP}]"),
                "error", "ports[0].protocol: unsupported value \"ICMP\" (supported: TCP, UDP, SCTP)"
            ),
            (slice(type: "ipv4"), "error", "addressType: unsupported value \"ipv4\" (supported: IPv4, IPv6, FQDN)"),
            (slice(type: ""), "error", "addressType: is missing; it must be IPv4, IPv6 or FQDN"),
            (
                slice(type: "FQDN", endpoints: "[{addresses: [example.com]}]"),
                "warning", "addressType: \"FQDN\": no rule can be made for names; the slice is not used"
            ),
            (
                slice(endpoints: "[{addresses: []}]"),
                "warning", "endpoints[0].addresses: the endpoint has no address and is ignored; it must have one"
            ),
            (
                slice(endpoints: "[{addresses: [10.1.0.1, 10.1.0.2]}]"),
                "warning", "endpoints[0].addresses: the endpoint has 2 addresses, of which only the first is used"
            ),
            (
                slice(endpoints: "[{addresses: [10.1.000.1]}]"),
                "warning", "endpoints[0].addresses[0]: \"10.1.000.1\" is read as 10.1.0.1; write it so"
            ),
            (
                slice(ports: "[{name: a}]"),
                "warning", "ports[0].port: the port has no number and is ignored; it must be from 1 to 65535"
            ),
            (
                slice(ports: "[{name: a, port: 0}]"),
                "warning", "ports[0].port: the port has no number and is ignored; it must be from 1 to 65535"
            ),
            (
                slice(service: "\"\""), "warning",
                "metadata.labels[kubernetes.io/service-name]: is missing, so the slice belongs to no Service and is not "
                    + "used; it must be the name of a Service"
            ),
            (
                slice(service: "other"), "warning",
                "metadata.labels[kubernetes.io/service-name]: the input has no Service default/other; the slice is "
                    + "not used"
            ),
        ])
    func slices(text: String, severity: String, expected: String) {
        let found = messages(documents(service(), text))
        #expect(found == ["\(severity): f.yaml: document 2: EndpointSlice default/web-1: \(expected)"])
    }

    @Test("all errors of an object are reported, and the object is not used")
    func allErrors() {
        let (objects, log) = read(
            ("f.yaml", service(spec: "type: x", clusterIP: "clusterIP: y", ports: "ports: [{port: 0}, {port: z}]")))
        #expect(
            log.diagnostics.map(\.field) == ["spec.type", "spec.clusterIP", "spec.ports[0].port", "spec.ports[1].port"])
        #expect(log.hasErrors)
        #expect(objects.services.isEmpty)
    }

    @Test("slices of a Service with errors are not called stray")
    func slicesOfUnusable() {
        #expect(messages(documents(service(spec: "type: x"), slice())).count == 1)
    }

    @Test("--strict makes warnings errors and leaves notes alone")
    func strict() {
        let text = documents(service(clusterIP: ""), "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n")
        let log = read(("f.yaml", text)).log
        #expect(!log.hasErrors)
        #expect(log.diagnostics.map(\.severity) == [.warning, .note])
        #expect(log.promotingWarnings().diagnostics.map(\.severity) == [.error, .note])
        #expect(log.diagnostics(.note).map(\.kind) == ["Pod"])
    }

    @Test("lines are those of the field")
    func lines() {
        let text = "---\n" + service(ports: "ports:\n  - port: 80\n  - name: b\n    port: 0")
        #expect(read(("f.yaml", text)).log.diagnostics.map(\.line) == [12])
    }
}

// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import KernelTables
import KubernetesObjects
import Monitoring
import NetworkTypes
import ServiceModel
import Testing

@testable import Proxy

@Suite("Whether the proxy is ready") struct ProxyReadinessTests {
    private let record = HealthRecord(syncPeriod: .seconds(30))

    private var status: Int { record.readyz.status }
    private var text: String { String(decoding: record.readyz.body, as: UTF8.self) }

    private func error(_ name: String, file: String = "") -> Diagnostic {
        Diagnostic(.error, file: file, kind: "Service", name: ObjectName(name: name), message: "is wrong")
    }

    @Test("not before every family has been in sync once, and for good then")
    func families() {
        #expect(status == 503)
        record.observe(.waiting([.service, .endpointSlice]))
        #expect(
            text == """
                not ready
                IPv4: no rules have been applied yet: waiting for a complete list of Service, EndpointSlice
                IPv6: no rules have been applied yet: waiting for a complete list of Service, EndpointSlice

                """)
        record.observe(.started(ObjectCounts(services: 1, endpoints: 1)))
        record.observe(.synchronized(.sample()))
        #expect(text == "not ready\nIPv6: no rules have been applied yet\n")
        record.observe(.failed(.sample(.ipv6)))
        #expect(text.hasPrefix("not ready\nIPv6: no rules have been applied yet: "))
        record.observe(.synchronized(.sample(family: .ipv6)))
        #expect(status == 200 && text == "ok\n")
        record.observe(.failed(.sample(.ipv4)))
        #expect(status == 200)
    }

    @Test("options that do not fit the node are a reason")
    func settings() {
        record.observe(.started(ObjectCounts(services: 0, endpoints: 0)))
        record.observe(.unusableSettings(reason: "no pod CIDR"))
        #expect(text.contains("IPv4: no rules have been applied yet: the options do not fit this node: no pod CIDR\n"))
    }

    @Test("not while something is unreadable that was so at the start; what turns bad later does not count")
    func unreadable() {
        record.observe(.invalidObjects([error("a"), error("b"), error("", file: "c.yaml")]))
        record.observe(.started(ObjectCounts(services: 0, endpoints: 0)))
        for family in IPFamily.allCases { record.observe(.synchronized(.sample(family: family))) }
        #expect(status == 503)
        #expect(text.contains("unreadable since the start: Service default/a: is wrong\n"))
        record.observe(.invalidObjects([error("a"), error("z")]))
        #expect(!text.contains("c.yaml") && !text.contains("/z"))
        record.observe(.invalidObjects([error("z")]))
        #expect(status == 200)
        record.observe(.invalidObjects([error("a"), error("z")]))
        #expect(status == 200)
    }

    @Test("a long list of errors is cut")
    func manyErrors() {
        record.observe(.invalidObjects((0..<25).map { error("s\($0)") }))
        #expect(text.split(separator: "\n").count == 1 + 2 + 10 + 1)
        #expect(text.hasSuffix("and 15 more errors in the input\n"))
    }

    @Test("names the rules that stay because of it")
    func keptRules() {
        record.observe(.invalidObjects([error("", file: "c.yaml")]))
        record.observe(.started(ObjectCounts(services: 0, endpoints: 0)))
        for family in IPFamily.allCases { record.observe(.synchronized(.sample(family: family))) }
        record.observe(
            .rulesKept(
                KeptRulesReport(
                    family: .ipv6, services: [ServiceName(name: "dns")], chains: 1, rules: 2, unreadable: ["c.yaml"])))
        #expect(
            text.hasSuffix(
                "\nIPv6: 1 chain and 2 rules of 1 Service (default/dns) stay as the kernel has them, because this could not "
                    + "be read since the start: c.yaml\n"))
        record.observe(.invalidObjects([]))
        #expect(status == 200)
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import Inspection
import KernelTables
import KernelTablesSuite
import NetworkTypes
import PrometheusText
import Proxy
import TestSupport
import Testing

@testable import Monitoring

@Suite("All metrics that are served") struct MetricCatalogueTests {
    private static let backend = Syncer(store: MemoryStore(), lock: nil)
    private static let buildInfo = BuildInfo(version: "1.2.3")
    private let families = ServedMetrics(backend: Self.backend, build: Self.buildInfo).families

    @Test("have the names, labels and help texts that Prometheus asks for")
    func conventions() {
        #expect(families.count > 40)
        for family in families {
            #expect(
                family.name.wholeMatch(of: /(kubeproxy|kubernetes|kubetables|process|rest_client)_[a-z][a-z_]*/) != nil,
                "\(family.name)")
            #expect(family.help.hasSuffix(".") && !family.help.contains("\n"), "\(family.name): \(family.help)")
            #expect(family.help.first?.isUppercase == true, "\(family.name): \(family.help)")
            #expect(Set(family.labels).count == family.labels.count, "\(family.name)")
            // All Kubernetes components have camel case in this one.
            let isForeign = family.name == "kubernetes_build_info"
            #expect(
                family.labels.allSatisfy { $0.wholeMatch(of: /[a-z][a-z_]*/) != nil } != isForeign, "\(family.name)")
            if case .counter = family.kind { #expect(family.name.hasSuffix("_total"), "\(family.name)") }
        }
    }

    @Test("are each explained on the operations page: with the help text as it is, or by the whole name")
    func documentation() throws {
        let page = Repository.root.appending(path: "Sources/kubetables/Documentation.docc/Operations.md")
        let text = String(decoding: try Data(contentsOf: page), as: UTF8.self)
        for family in families where !family.name.hasPrefix("process_") {
            let suffix = family.name.drop { $0 != "_" }.dropFirst()
            let isExplained = text.contains("\n\(suffix) \(family.help)\n") || text.contains("`\(family.name)`")
            #expect(isExplained, "Operations.md has no \(family.name) with: \(family.help)")
        }
        #expect(text.contains("`process_cpu_seconds_total`"))
    }

    @Test("are defined whether or not traffic is served")
    func detail() {
        let without = ServedMetrics(families: [.ipv4], traffic: .off, backend: Self.backend, build: Self.buildInfo)
        #expect(without.traffic == nil)
        #expect(without.families.allSatisfy { !$0.name.contains("traffic") })
        #expect(Set(without.families).isSubset(of: families))
        #expect(ServedMetrics(traffic: .services, backend: Self.backend, build: Self.buildInfo).families == families)
    }

    @Test("name the versions of this program and of kube-proxy")
    func build() async {
        let text = await ServedMetrics(traffic: .off, backend: Self.backend, build: Self.buildInfo).text()
        let page = String(decoding: text.bytes, as: UTF8.self)
        let platform = BuildInfo.platform
        #expect(
            page.contains(
                "\nkubetables_build_info{version=\"1.2.3\",kube_proxy_version=\"1.36\",platform=\"\(platform)\"} 1\n"))
        #expect(
            page.contains(
                "\nkubernetes_build_info{major=\"1\",minor=\"36\",gitVersion=\"v1.36.2+kubetables-1.2.3\",gitCommit=\"\","
                    + "gitTreeState=\"\",buildDate=\"\",goVersion=\"\",compiler=\"swiftc\",platform=\"\(platform)\"} 1\n"
            ))
    }

    @Test("have Services and endpoints by state, all of them also at zero")
    func states() async {
        var counts = StateCounts()
        counts.servicePorts[.noEndpoints] = 2
        counts.endpoints[.init(condition: .notReady, isUsed: false)] = 3
        let text = await ServedMetrics(traffic: .off, backend: Self.backend, build: Self.buildInfo).text(counts)
        let page = String(decoding: text.bytes, as: UTF8.self)
        for line in [
            #"kubetables_service_ports{state="no-endpoints"} 2"#, #"kubetables_service_ports{state="ok"} 0"#,
            #"kubetables_endpoints{condition="not-ready",used="false"} 3"#,
            #"kubetables_endpoints{condition="ready",used="true"} 0"#,
        ] {
            #expect(page.contains("\n\(line)\n"), "\(line)")
        }
    }

    @Test("have kube-proxy's bounds if they are kube-proxy's histograms")
    func bounds() {
        #expect(HistogramBounds.synchronization.first == 0.001)
        #expect(HistogramBounds.synchronization.last == 16.384)
        #expect(HistogramBounds.synchronization.count == 15)
        let programming = HistogramBounds.networkProgramming
        #expect(programming.prefix(5) == [0, 0.25, 0.5, 1, 2])
        #expect(programming[61...].prefix(4) == [59, 60, 65, 70])
        #expect(programming.suffix(9) == [110, 115, 120, 150, 180, 210, 240, 270, 300])
        #expect(programming == programming.sorted())
        #expect(HistogramBounds.clientRequest == [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60])
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
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
    private let families = ServedMetrics(backend: Self.backend).families

    @Test("have the names, labels and help texts that Prometheus asks for")
    func conventions() {
        #expect(families.count > 40)
        for family in families {
            #expect(family.name.wholeMatch(of: /(kubeproxy|kubetables|process)_[a-z][a-z_]*/) != nil, "\(family.name)")
            #expect(family.help.hasSuffix(".") && !family.help.contains("\n"), "\(family.name): \(family.help)")
            #expect(family.help.first?.isUppercase == true, "\(family.name): \(family.help)")
            #expect(Set(family.labels).count == family.labels.count, "\(family.name)")
            #expect(family.labels.allSatisfy { $0.wholeMatch(of: /[a-z][a-z_]*/) != nil }, "\(family.name)")
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
        let without = ServedMetrics(families: [.ipv4], traffic: .off, backend: Self.backend)
        #expect(without.traffic == nil)
        #expect(without.families.allSatisfy { !$0.name.contains("traffic") })
        #expect(Set(without.families).isSubset(of: families))
        #expect(ServedMetrics(traffic: .services, backend: Self.backend).families == families)
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
    }
}

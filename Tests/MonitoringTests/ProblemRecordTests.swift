// SPDX-License-Identifier: Apache-2.0

import ForeignRules
import Foundation
import HTTPServing
import KernelTables
import KubernetesObjects
import NetworkTypes
import PrometheusText
import ServiceModel
import Testing
import XTables

@testable import Monitoring
@testable import Proxy

@Suite("Problems") struct ProblemRecordTests {
    private let record = ProblemRecord(families: [.ipv4]) { Timestamp(seconds: 1_764_000_000) }

    private func text(_ record: ProblemRecord) -> String { String(decoding: record.text.body, as: UTF8.self) }

    private static let conflicts: [ServiceConflict] = {
        var claims = ServiceClaims()
        for object in objects { if case .service(let service) = object { claims.insert(service) } }
        return claims.conflicts
    }()

    private static var objects: [KubernetesObject] {
        var reader = ManifestReader()
        for name in ["a", "b"] {
            let text =
                "{apiVersion: v1, kind: Service, metadata: {name: \(name)}, spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}}"
            reader.read(Array(text.utf8), file: name)
        }
        return reader.objects.services.values.map { .service($0) }
    }

    private static let error = Diagnostic(
        .error, file: "web.yaml", line: 7, kind: "Service", name: ObjectName(namespace: "shop", name: "web"),
        field: "spec.ports[0].port", message: "invalid port 70000: must be 1–65535")

    private static let warning = Diagnostic(
        .warning, file: "web.yaml", line: 4, kind: "Service", name: ObjectName(namespace: "shop", name: "web"),
        field: "metadata.annotations", message: "unknown annotation")

    @Test("there are none once everything is in sync; before, each family is out of sync")
    func none() {
        #expect(
            text(record) == "out of sync: 1\n  IPv4: since 2025-11-24T16:00:00Z: no rules have been applied yet\n")
        record.observe(.synchronized(.sample()))
        #expect(text(record) == "no problems\n")
    }

    @Test("objects, conflicts, foreign rules, the host and failures are listed for people")
    func lines() {
        record.observe(.synchronized(.sample()))
        record.observe(.invalidObjects([Self.error]))
        record.observe(.objectWarnings([Self.warning]))
        record.observe(.conflicts(Self.conflicts))
        record.observe(.failed(.sample(.ipv4)))
        record.observe(.hostChecked(.ipv4, warnings: ["odd"]))
        record.observe(
            .foreignRulesAhead(
                .ipv4,
                [ForeignRuleAhead(table: .nat, chain: "PREROUTING", rule: "-A PREROUTING -j X", effect: "takes all")]))
        let lines = text(record).split(separator: "\n").map(String.init)
        #expect(lines[0] == "out of sync: 1")
        #expect(lines[1].hasPrefix("  IPv4: since 2025-11-24T16:00:00Z: "))
        #expect(
            lines.dropFirst(2) == [
                "invalid objects (the last good state of each stays in force): 1", "  \(Self.error)",
                "warnings about objects that are used: 1", "  \(Self.warning)",
                "conflicts: 1", "  \(Self.conflicts[0].message)",
                "foreign rules ahead of ours: 1", "  IPv4 nat PREROUTING: -A PREROUTING -j X: takes all",
                "host: 1", "  IPv4: odd",
            ])
    }

    @Test("rules of an earlier run that stay are listed and counted, and warnings about options are listed")
    func keptRules() throws {
        let registry = MetricRegistry()
        let metrics = ProxyMetrics(registry, families: [.ipv4])
        func has(_ text: String) -> Bool { String(decoding: registry.text.bytes, as: UTF8.self).contains(text + "\n") }
        #expect(has("kubetables_kept_rules{ip_family=\"IPv4\"} 0"))
        let report = KeptRulesReport(
            family: .ipv4, services: [ServiceName(name: "dns")], chains: 4, rules: 13,
            servicesWithEndpoints: [ServiceName(name: "web")], endpoints: 1, unreadable: ["m/a.yaml"])
        for observer in [record, metrics] as [any ProxyObserver] {
            observer.observe(.synchronized(.sample()))
            observer.observe(.rulesKept(report))
            observer.observe(.configurationChecked(warnings: ["odd"]))
        }
        let message =
            "4 chains and 13 rules of 1 Service (default/dns), and 1 endpoint of default/web stay as the kernel has them, "
            + "because this could not be read since the start: m/a.yaml"
        #expect(
            text(record)
                == "rules kept from an earlier run: 1\n  IPv4: \(message)\nconfiguration: 1\n  odd\n")
        #expect(has("kubetables_kept_rules{ip_family=\"IPv4\"} 13"))
        #expect(has("kubetables_kept_endpoints{ip_family=\"IPv4\"} 1"))
        for observer in [record, metrics] as [any ProxyObserver] {
            observer.observe(.rulesKept(KeptRulesReport(family: .ipv4)))
            observer.observe(.configurationChecked(warnings: []))
        }
        #expect(text(record) == "no problems\n")
        #expect(has("kubetables_kept_rules{ip_family=\"IPv4\"} 0"))
    }

    @Test("the same is there for programs")
    func json() throws {
        record.observe(.invalidObjects([Self.error]))
        record.observe(.conflicts(Self.conflicts))
        let value = try JSONSerialization.jsonObject(with: Data(try record.json.body)) as? [String: [[String: Any]]]
        let json = try #require(value)
        #expect(
            json.keys.sorted() == [
                "configurationWarnings", "conflicts", "foreignRulesAhead", "hostWarnings", "invalidObjects",
                "keptRules", "objectWarnings", "outOfSync", "unservedHealthChecks", "unsupportedFeatures",
            ])
        let object = try #require(json["invalidObjects"]?.first)
        #expect(object["kind"] as? String == "Service" && object["namespace"] as? String == "shop")
        #expect(object["name"] as? String == "web" && object["file"] as? String == "web.yaml")
        #expect(object["line"] as? Int == 7 && object["field"] as? String == "spec.ports[0].port")
        #expect(json["conflicts"]?.first?["loser"] as? String == "default/b")
        #expect(json["conflicts"]?.first?["winner"] as? String == "default/a")
        #expect(json["outOfSync"]?.first?["ipFamily"] as? String == "IPv4")
    }

    @Test("are counted: an object once, whatever is wrong with it, and a file that is not understood as a file")
    func metrics() {
        let registry = MetricRegistry()
        let metrics = ProxyMetrics(registry)
        func gauge(_ name: String) -> String? {
            let text = String(decoding: registry.text.bytes, as: UTF8.self)
            return text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }?.split(separator: " ").last.map(
                String.init)
        }
        #expect(gauge(#"kubetables_invalid_objects{kind="Service"}"#) == "0")
        var second = Self.error
        second.field = "spec.type"
        metrics.observe(
            .invalidObjects([Self.error, second, Diagnostic(.error, file: "x.yaml", message: "is no YAML")]))
        metrics.observe(.conflicts(Self.conflicts))
        #expect(gauge(#"kubetables_invalid_objects{kind="Service"}"#) == "1")
        #expect(gauge(#"kubetables_invalid_objects{kind="File"}"#) == "1")
        #expect(gauge("kubetables_conflicts") == "1")
        metrics.observe(.invalidObjects([]))
        metrics.observe(.conflicts([]))
        #expect(gauge(#"kubetables_invalid_objects{kind="Service"}"#) == "0")
        #expect(gauge("kubetables_conflicts") == "0")
    }
}

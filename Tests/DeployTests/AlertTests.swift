// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("Alerts") struct AlertTests {
    static let rulesPath = "prometheus/kubetables.rules.yaml"
    static let testsPath = "prometheus/kubetables.tests.yaml"

    private struct TestFile: Decodable {
        struct Test: Decodable {
            let expectations: [Expectation]

            private enum CodingKeys: String, CodingKey {
                case expectations = "alert_rule_test"
            }
        }
        struct Expectation: Decodable {
            struct Alert: Decodable {}

            let name: String
            let alerts: [Alert]

            private enum CodingKeys: String, CodingKey {
                case name = "alertname"
                case alerts = "exp_alerts"
            }
        }

        let tests: [Test]
    }

    private func promtool(_ arguments: String...) throws -> ProcessResult {
        try Subprocess.run(["promtool"] + arguments)
    }

    @Test("are accepted by Prometheus")
    func rules() throws {
        let result = try promtool("check", "rules", Deploy.folder.appending(path: Self.rulesPath).path)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    /// Debian's promtool knows nothing of Kubernetes, so it gets everything but the discovery of pods.
    @Test("fit the scrape configuration, which Prometheus accepts")
    func scrapeConfiguration() throws {
        let text = try String(contentsOf: Deploy.folder.appending(path: "prometheus/scrape.yaml"), encoding: .utf8)
        let discovery = """
              kubernetes_sd_configs:
              - role: pod
                namespaces:
                  names: [kube-system]

            """
        #expect(text.contains(discovery))
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "prometheus.yml",
            text.replacingOccurrences(of: discovery, with: "  static_configs: [{targets: [\"127.0.0.1:10249\"]}]\n"))
        let result = try promtool("check", "config", file)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        // The alert for a program that does not respond uses the job's name.
        let alerts = try AlertRules.read().alerts.map(\.expr)
        let jobs = Set(alerts.flatMap { $0.matches(of: /job="([^"]*)"/).map { String($0.output.1) } })
        #expect(jobs == ["kubetables"])
        #expect(text.contains("- job_name: kubetables\n") && text.contains("honor_labels: true\n"))
    }

    @Test("each fire in a test")
    func testsOfAlerts() throws {
        let result = try promtool("test", "rules", Deploy.folder.appending(path: Self.testsPath).path)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        let tests: TestFile = try Deploy.yaml(Self.testsPath)
        let fired = tests.tests.flatMap(\.expectations).filter { !$0.alerts.isEmpty }.map(\.name)
        #expect(Set(fired) == Set(try AlertRules.read().alerts.map(\.alert)))
    }
}

/// The file of alerts.
struct AlertRules: Decodable {
    struct Group: Decodable {
        let rules: [Alert]
    }
    struct Alert: Decodable {
        let alert: String
        let expr: String
    }

    let groups: [Group]

    var alerts: [Alert] { groups.flatMap(\.rules) }

    static func read() throws -> AlertRules { try Deploy.yaml(AlertTests.rulesPath) }
}

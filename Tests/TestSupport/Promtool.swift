// SPDX-License-Identifier: Apache-2.0

/// Prometheus' own tool.
public enum Promtool {
    /// The complaints about names that kube-proxy chose, such as those of counters for gauges; dashboards know them.
    private static func expected(_ metrics: String) -> Set<String> {
        let gauges = metrics.matches(of: /# TYPE (kubeproxy_[a-z_]+_total) gauge\n/).map(\.output.1)
        return Set(
            gauges.map { #"\#($0) non-counter metrics should not have "_total" suffix"# }
                + ["kubernetes_build_info label names should be written in 'snake_case' not 'camelCase'"])
    }

    /// The complaints of `promtool check metrics`, but for names that are kube-proxy's.
    ///
    /// - Parameter metrics: the text of `/metrics`.
    /// - Throws: ``ProcessFailure`` if it cannot read them, or is not there.
    public static func complaints(about metrics: String) throws -> [String] {
        let result = try Subprocess.run(["promtool", "check", "metrics"], input: metrics)
        // 3 means complaints, 1 that the text cannot be read.
        guard [0, 3].contains(result.status) else {
            throw ProcessFailure(description: "promtool ended with \(result.status): \(result.errors)")
        }
        let expected = expected(metrics)
        return result.errors.split(separator: "\n").map(String.init).filter { !expected.contains($0) }
    }
}

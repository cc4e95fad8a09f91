/// What Prometheus' own tool says of metrics.
public enum Promtool {
    /// Gauges that kube-proxy named like counters; theirs are the names that dashboards know.
    private static let badNames = [
        "kubeproxy_sync_proxy_rules_iptables_total", "kubeproxy_sync_proxy_rules_no_local_endpoints_total",
    ].map { #"\#($0) non-counter metrics should not have "_total" suffix"# }

    /// What `promtool check metrics` finds wrong, but for the names that are kube-proxy's.
    ///
    /// - Parameter metrics: the text of `/metrics`.
    /// - Throws: ``ProcessFailure`` if it cannot read them, or is not there.
    public static func complaints(about metrics: String) throws -> [String] {
        let result = try Subprocess.run(["promtool", "check", "metrics"], input: metrics)
        // 3 means complaints, 1 that the text cannot be read.
        guard [0, 3].contains(result.status) else {
            throw ProcessFailure(description: "promtool ended with \(result.status): \(result.errors)")
        }
        return result.errors.split(separator: "\n").map(String.init).filter { !badNames.contains($0) }
    }
}

/// How probes were answered.
struct ProbeMetrics: Sendable {
    let healthz: Counter
    let livez: Counter

    init(_ registry: MetricRegistry) {
        healthz = registry.counter(
            "kubeproxy_proxy_healthz_total", help: "Answers of /healthz, by status code.", labels: ["code"])
        livez = registry.counter(
            "kubeproxy_proxy_livez_total", help: "Answers of /livez, by status code.", labels: ["code"])
        for counter in [healthz, livez] {
            for code in ["200", "503"] { counter.add(0, code) }
        }
    }
}

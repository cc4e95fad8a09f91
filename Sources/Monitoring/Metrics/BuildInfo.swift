// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import PrometheusText

/// What this program is: its own version, and the version of kube-proxy that it behaves as.
package struct BuildInfo: Sendable, Hashable {
    /// The kube-proxy whose rules, options and metrics this program has.
    package enum KubeProxy {
        package static let major = "1"
        package static let minor = "36"
        /// The release whose rules were measured (fixtures/README.md).
        package static let release = "1.36.2"
        /// The version without the patch, as Kubernetes writes emulation versions.
        package static var version: String { "\(major).\(minor)" }
    }

    /// The version of this program.
    package let version: String

    package init(version: String) { self.version = version }

    /// The platform in Go's words, as Kubernetes writes it.
    package static var platform: String {
        #if arch(x86_64)
        "linux/amd64"
        #elseif arch(arm64)
        "linux/arm64"
        #else
        "linux"
        #endif
    }

    /// Sets the metrics that carry versions as labels, each with the value 1.
    func publish(_ registry: MetricRegistry) {
        let own = registry.gauges(
            "kubetables_build_info",
            help: "Always 1; the labels have the version of kubetables, and that of the kube-proxy that it behaves as.",
            labels: "version", "kube_proxy_version", "platform")
        own[version, KubeProxy.version, Self.platform].set(1)
        let kubernetes = registry.gauges(
            "kubernetes_build_info",
            help: """
                Always 1; the version of kube-proxy that kubetables behaves as, in the labels of all Kubernetes components. \
                Those of git and Go are empty.
                """,
            labels: "major", "minor", "gitVersion", "gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler",
            "platform")
        // A build of its own of a Kubernetes version has the name of the distribution behind a plus sign (semver.org, 10).
        let gitVersion = "v\(KubeProxy.release)+kubetables-\(version)"
        kubernetes[KubeProxy.major, KubeProxy.minor, gitVersion, "", "", "", "", "swiftc", Self.platform].set(1)
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Inspection

/// `kubetables explain`: everything that is known of a Service, a chain or an address.
struct ExplainCommand: ReportCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explain a Service: its addresses, endpoints and rules, and why endpoints are missing or not used.",
        discussion: """
            Asks the running program over its socket or, with -f or --kubeconfig, reads manifests or a cluster.

            Examples: kubetables explain shop/web
                      kubetables explain service/web -n shop
                      kubetables explain 10.96.0.10:80
                      kubetables explain KUBE-SVC-TCOU7JCQXEZGVUNU -o wide
            """)

    @Argument(
        help: ArgumentHelp(
            "A Service (NAMESPACE/NAME, service/NAME or NAME), the name of a chain, or an address with or without a port.",
            valueName: "subject"))
    var subject: String

    @Option(
        name: .shortAndLong, help: "The namespace of a name without one. (default: default)",
        transform: NamespaceName.read)
    var namespace: String?

    @OptionGroup var report: ReportOptions
    @OptionGroup(title: "Source Options") var source: InspectedSourceOptions
    @OptionGroup(title: "Node Options (for -f and --kubeconfig)") var node: NodeOptions

    var inquiry: any Inquiry { ExplanationInquiry(subject, namespace: namespace) }
}

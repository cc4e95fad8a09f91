// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Inspection

/// `kubetables graph`: a picture of the chains of a Service.
struct GraphCommand: ReportCommand {
    static let configuration = CommandConfiguration(
        commandName: "graph",
        abstract: "Draw the chains that the packets of a Service pass, with conditions, shares and counters.",
        discussion: """
            Asks the running program over its socket or, with -f or --kubeconfig, reads manifests or a cluster; then there \
            are no counters. -o json and -o yaml print the places and ways themselves.

            Examples: kubetables graph shop/web >web.svg
                      kubetables graph shop/web --format dot
                      kubetables graph shop/web -f myapp/ --format mermaid
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

    @Option(help: ArgumentHelp("The form of the picture.", valueName: "svg|dot|mermaid"))
    var format = GraphFormat.svg

    @OptionGroup var report: ReportOptions
    @OptionGroup(title: "Source Options") var source: InspectedSourceOptions
    @OptionGroup(title: "Node Options (for -f and --kubeconfig)") var node: NodeOptions

    var inquiry: any Inquiry { GraphInquiry(subject, namespace: namespace, format: format) }
}

extension GraphFormat: ExpressibleByArgument {}

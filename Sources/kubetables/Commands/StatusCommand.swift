// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Inspection

/// `kubetables status`: how this node does, in twenty lines.
struct StatusCommand: ReportCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show whether this node is in sync, the last sync, the states of Services, and warnings.",
        discussion:
            "Asks the running program over its socket or, with -f or --kubeconfig, reads manifests or a cluster.")

    @OptionGroup var report: ReportOptions
    @OptionGroup(title: "Source Options") var source: InspectedSourceOptions
    @OptionGroup(title: "Node Options (for -f and --kubeconfig)") var node: NodeOptions

    var inquiry: any Inquiry { StatusInquiry() }
}

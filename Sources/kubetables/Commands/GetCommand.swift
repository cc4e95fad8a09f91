// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Inspection

/// `kubetables get`: lists Services or endpoints, as this node sees them.
struct GetCommand: ReportCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "List the Services or endpoints of this node: their state, and which endpoints it uses.",
        discussion: """
            Asks the running program over its socket or, with -f or --kubeconfig, reads manifests or a cluster; then there \
            are no counters. CONN/S and REFUSED/S are between the last two readings of the counters: ask twice if \
            nothing else reads them.

            Examples: kubetables get services
                      kubetables get endpoints web -n shop -o wide
                      kubetables get services -f myapp/ -o json
            """)

    /// What is listed.
    enum Resource: String, CaseIterable, ExpressibleByArgument {
        case services
        case endpoints

        /// Takes kubectl's short names, too.
        init?(argument: String) {
            switch argument {
            case "services", "service", "svc": self = .services
            case "endpoints", "endpoint", "ep": self = .endpoints
            default: return nil
            }
        }
    }

    @Argument(help: ArgumentHelp("What to list.", valueName: "services|endpoints"))
    var resource: Resource

    @Argument(help: "The names of Services, each alone or as NAMESPACE/NAME. (default: all)")
    var names: [String] = []

    @Option(name: .shortAndLong, help: "The namespace. (default: all)", transform: NamespaceName.read)
    var namespace: String?

    @OptionGroup var report: ReportOptions
    @OptionGroup(title: "Source Options") var source: InspectedSourceOptions
    @OptionGroup(title: "Node Options (for -f and --kubeconfig)") var node: NodeOptions

    var inquiry: any Inquiry {
        let selection = ServiceSelection(namespace: namespace, names: names)
        return switch resource {
        case .services: ServiceInquiry(selection)
        case .endpoints: EndpointInquiry(selection)
        }
    }
}

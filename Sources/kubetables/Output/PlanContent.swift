// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import KernelTables
import ServiceModel
import XTables

/// What of a plan is printed as text; its summary always is.
struct PlanContent: ParsableArguments {
    @Flag(name: .customLong("rules"), help: "Show the rules of each service port that changes.")
    var showsRules = false

    @Option(name: [.customShort("n"), .long], help: "Show only Services of this namespace.")
    var namespace: String?

    @Option(help: "Show only this Service: NAME, with -n, or NAMESPACE/NAME.")
    var service: String?

    /// All service ports with their rules.
    static let everything = all(showsRules: true)
    /// All service ports without their rules.
    static let headlines = all(showsRules: false)

    private static func all(showsRules: Bool) -> PlanContent {
        var content = PlanContent()
        content.showsRules = showsRules
        content.namespace = nil
        content.service = nil
        return content
    }

    func validate() throws {
        guard let service, service.contains("/") else { return }
        let parts = service.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw ValidationError("invalid --service \(service): write NAME or NAMESPACE/NAME")
        }
        if let namespace, namespace != parts[0] {
            throw ValidationError("--service \(service) is not in the namespace \(namespace) of -n")
        }
    }

    /// Whether some Services are left out.
    var isSelection: Bool { namespace != nil || service != nil }

    /// Whether a group is to be shown; with a filter, only service ports are.
    func includes(_ group: PlanGroup) -> Bool {
        guard isSelection else { return true }
        guard let servicePort = group.servicePort else { return false }
        if let namespace, servicePort.namespace != namespace { return false }
        guard let service else { return true }
        if service.contains("/") { return "\(servicePort.namespace)/\(servicePort.service)" == service }
        return servicePort.service == service && servicePort.namespace == namespace ?? ServiceName.defaultNamespace
    }
}

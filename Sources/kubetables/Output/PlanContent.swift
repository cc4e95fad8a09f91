// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Inspection
import KernelTables
import Messages
import ServiceModel
import XTables

/// What of a plan is printed as text; its summary always is.
struct PlanContent: ParsableArguments {
    @Flag(name: .customLong("rules"), help: "Show the rules of each service port that changes.")
    var showsRules = false

    @Option(
        name: [.customShort("n"), .long], help: "Show only Services of this namespace.", transform: NamespaceName.read)
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
        guard let service else { return }
        guard service.contains("/") else {
            if service.isEmpty { throw ValidationError("--service: missing name: write NAME or NAMESPACE/NAME") }
            return
        }
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

    /// The only Service; `nil` if there are several.
    private var serviceName: ServiceName? {
        service.map { ServiceName($0) ?? ServiceName(namespace: namespace ?? ServiceName.defaultNamespace, name: $0) }
    }

    /// Whether a group is to be shown; with a filter, only service ports are.
    func includes(_ group: PlanGroup) -> Bool {
        guard isSelection else { return true }
        guard let servicePort = group.servicePort else { return false }
        let name = ServiceName(namespace: servicePort.namespace, name: servicePort.service)
        return serviceName.map { $0 == name } ?? (namespace == name.namespace)
    }

    /// That no rules are made for what is selected, in words; `nil` if there are some.
    ///
    /// - Parameter known: the Services that rules are made for.
    func missing(among known: Set<ServiceName>) -> String? {
        if let serviceName {
            guard !known.contains(serviceName) else { return nil }
            return "no rules are made for Service \(serviceName)\(UnknownService.question(serviceName, known))"
        }
        guard let namespace, !known.contains(where: { $0.namespace == namespace }) else { return nil }
        return "no rules are made for Services in namespace \(MessageText.quoted(namespace))"
    }
}

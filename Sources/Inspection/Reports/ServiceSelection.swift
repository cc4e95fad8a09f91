// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import Messages
import ServiceModel

/// The Services that an inquiry is about.
package struct ServiceSelection: Sendable, Hashable {
    /// The only namespace; `nil` for all of them.
    package var namespace: String?
    /// The only names, each alone or as `namespace/name`; empty for all of them.
    package var names: [String]

    package init(namespace: String? = nil, names: [String] = []) {
        self.namespace = namespace
        self.names = names
    }

    static let parameterNames = ["namespace", "name"]

    init(_ parameters: InquiryParameters) {
        self.init(namespace: parameters["namespace"], names: parameters.values("name"))
    }

    var parameters: InquiryParameters {
        var parameters = InquiryParameters()
        parameters.append("namespace", namespace)
        for name in names { parameters.append("name", name) }
        return parameters
    }

    func contains(_ service: ServiceName) -> Bool {
        guard namespace.map({ $0 == service.namespace }) ?? true else { return false }
        return names.isEmpty || names.contains { $0 == service.name || $0 == service.description }
    }

    /// That there is nothing of a kind, in kubectl's words.
    package func emptyNote(_ kind: String) -> String {
        let services = names.isEmpty ? "" : " of \(names.map { MessageText.escaped($0) }.joined(separator: ", "))"
        return "No \(kind) found\(services)\(namespace.map { " in namespace \(MessageText.quoted($0))" } ?? "")."
    }

    /// Checks that each name is that of a known Service.
    ///
    /// - Parameter known: the Services that a report has anything about.
    func check(_ known: Set<ServiceName>) throws(InquiryFailure) {
        for name in names {
            let only = ServiceSelection(namespace: namespace, names: [name])
            guard !known.contains(where: only.contains) else { continue }
            throw .notFound("\(UnknownService(name, namespace: namespace, known: known))")
        }
    }
}

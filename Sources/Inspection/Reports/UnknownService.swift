// SPDX-License-Identifier: Apache-2.0

import KubernetesObjects
import ServiceModel

/// A Service that an operator has named and that is not known, in words: with the names that may have been meant.
package struct UnknownService: CustomStringConvertible {
    package let description: String

    /// How many namespaces with a Service of that name are listed.
    private static let shownNamespaces = 3

    /// - Parameters:
    ///   - name: the name, alone or as `namespace/name`.
    ///   - namespace: the only namespace that it was looked up in; `nil` for all of them.
    ///   - known: all Services.
    ///   - remark: what else was not found, as the rest of the sentence.
    package init(_ name: String, namespace: String?, known: Set<ServiceName>, remark: String = "") {
        let place = namespace.map { " in namespace \($0)" } ?? ""
        description =
            "there is no Service \(name)\(place)\(remark)"
            + Self.question(ServiceName(name) ?? ServiceName(namespace: namespace ?? "", name: name), known)
    }

    package init(_ name: ServiceName, known: Set<ServiceName>, remark: String = "") {
        description = "there is no Service \(name)\(remark)" + Self.question(name, known)
    }

    /// `; did you mean "shop/web"?`; empty without a similar name.
    package static func question(_ name: ServiceName, _ known: Set<ServiceName>) -> String {
        let names = meant(name, known).map { "\"\($0)\"" }
        return names.isEmpty ? "" : "; did you mean \(names.joined(separator: " or "))?"
    }

    /// The same name in other namespaces, else a similar one, in the same namespace if possible.
    private static func meant(_ name: ServiceName, _ known: Set<ServiceName>) -> [String] {
        let others = known.filter { $0.name == name.name }
        guard others.isEmpty else { return Array(others.map(\.description).sorted().prefix(shownNamespaces)) }
        let near = known.filter { $0.namespace == name.namespace }
        for candidates in [near, known] {
            guard let closest = Suggestion.closest(to: name.name, among: Set(candidates.map(\.name))) else { continue }
            return candidates.filter { $0.name == closest }.map(\.description).sorted().prefix(1).map { $0 }
        }
        return []
    }
}

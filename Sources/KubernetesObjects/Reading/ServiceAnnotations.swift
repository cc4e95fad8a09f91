// SPDX-License-Identifier: Apache-2.0

import Documents
import Messages
import ServiceModel

/// An annotation of Services that is meant for kubetables: one entry of ``all``, from which reading and warnings follow.
package struct ServiceAnnotation: Sendable {
    /// How the names of all annotations begin that are meant for kubetables.
    package static let prefix = "kubetables.io/"

    /// The name without the ``prefix``.
    let shortName: String
    /// What a value is, for the message about one that is unknown.
    let noun: String
    /// All values.
    package let choices: [String]
    /// Sets what the annotation is about; to `nil` for a value that is not among the choices.
    private let set: @Sendable (inout Service, String) -> Void

    /// The whole name.
    package var name: String { Self.prefix + shortName }

    /// An annotation with one value of an enumeration.
    private init<Value: CaseIterable & RawRepresentable<String> & Sendable>(
        _ shortName: String, _ noun: String, _ property: any WritableKeyPath<Service, Value?> & Sendable
    ) {
        self.init(shortName, noun, Value.allCases.map(\.rawValue)) { $0[keyPath: property] = Value(rawValue: $1) }
    }

    /// An annotation that is true or false.
    private init(_ shortName: String, _ property: any WritableKeyPath<Service, Bool?> & Sendable) {
        self.init(shortName, "value", ["true", "false"]) { $0[keyPath: property] = Bool($1) }
    }

    private init(
        _ shortName: String, _ noun: String, _ choices: [String],
        set: @escaping @Sendable (inout Service, String) -> Void
    ) {
        self.shortName = shortName
        self.noun = noun
        self.choices = choices
        self.set = set
    }

    /// All annotations, in the order of the documentation.
    package static let all = [
        ServiceAnnotation("balance", "policy", \.balance),
        ServiceAnnotation("session-affinity-mode", "mode", \.affinityMode),
        ServiceAnnotation("retry", \.retriesConnections),
        ServiceAnnotation("outlier-ejection", \.ejectsOutliers),
    ]

    /// Reads a value; one that is not among the choices is worth a warning and leaves the node's default in force.
    fileprivate func read(_ value: DocumentValue, into service: inout Service, _ fields: inout FieldReader) {
        let text = value.string ?? ""
        set(&service, choices.contains(text) ? text : "")
        guard !choices.contains(text) else { return }
        // An annotation is always a text: the API refuses true without quotes.
        let written = value.string == nil ? MessageText.escaped(value.json) : MessageText.quoted(text)
        let quoted = choices.map { MessageText.quoted($0) }
        let known = "\(quoted.dropLast().joined(separator: ", ")) or \(quoted.last ?? "")"
        fields.warning("unknown \(noun) \(written): must be \(known); the node's default is used")
    }
}

extension Service {
    /// Reads the annotations that are meant for kubetables; an unknown one is worth a warning and has no effect.
    mutating func readAnnotations(_ annotations: DocumentObject, _ fields: inout FieldReader) {
        for member in annotations.members where member.key.hasPrefix(ServiceAnnotation.prefix) {
            let known = ServiceAnnotation.all.first { $0.name == member.key }
            fields.atField(member.key, of: annotations) { fields in
                if let known { return known.read(member.value, into: &self, &fields) }
                // To look for what was meant takes time.
                if fields.isWarnedEnough { return fields.countWarning() }
                fields.warning("unknown annotation; \(Self.hint(for: member.key))")
            }
        }
    }

    /// What an unknown annotation may have been meant to be.
    private static func hint(for key: String) -> String {
        let shortName = String(key.dropFirst(ServiceAnnotation.prefix.count))
        let names = ServiceAnnotation.all.map(\.shortName)
        if let closest = Suggestion.closest(to: shortName, among: names) {
            return "did you mean \(MessageText.quoted(ServiceAnnotation.prefix + closest))?"
        }
        let known = ServiceAnnotation.all.map { MessageText.quoted($0.name) }
        return "known are \(known.dropLast().joined(separator: ", ")) and \(known.last ?? "")"
    }
}

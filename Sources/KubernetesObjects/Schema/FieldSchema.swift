// SPDX-License-Identifier: Apache-2.0

import Documents
import Messages

/// Which fields the API has in a value; what its strict decoding knows (KEP-2885).
package indirect enum FieldSchema: Sendable {
    /// Whatever there is: a scalar, or a mapping with keys of the user's choice, such as labels.
    case anything
    /// A list of such values.
    case list(FieldSchema)
    /// A mapping with these fields and no others.
    case fields(Fields)

    /// The names of fields and, at the same places, what they hold: apart, since names are looked up for every field of
    /// every object.
    package struct Fields: Sendable {
        let names: [String]
        let schemas: [FieldSchema]

        subscript(name: String) -> FieldSchema? { index(of: name).map { schemas[$0] } }

        func index(of name: String) -> Int? {
            for index in names.indices where names[index] == name { return index }
            return nil
        }
    }

    /// A mapping with `names` for fields of any value, and `others`.
    static func fields(_ names: String, _ others: KeyValuePairs<String, FieldSchema> = [:]) -> FieldSchema {
        let scalars = names.split(separator: " ").map(String.init)
        return .fields(
            Fields(
                names: scalars + others.map(\.key),
                schemas: scalars.map { _ in .anything } + others.map(\.value)))
    }
}

extension FieldSchema {
    /// Whether there is no unknown field at any level; quick, since most objects have none.
    func covers(_ value: DocumentValue) -> Bool {
        switch (self, value) {
        case (.list(let schema), .array(let elements)):
            if case .anything = schema { return true }
            return elements.allSatisfy { schema.covers($0) }
        case (.fields(let fields), .object(let object)):
            for place in object.members.indices {
                guard let index = fields.index(of: object.members[place].key) else { return false }
                if case .anything = fields.schemas[index] { continue }
                guard fields.schemas[index].covers(object.members[place].value) else { return false }
            }
            return true
        default:
            // A value of another type is reported by who reads it.
            return true
        }
    }
}

extension FieldReader {
    /// Warns of each field of `object` that the API does not have.
    ///
    /// An API server warns of them too, and drops them: the object means less than its author thinks. Answers of an API
    /// server are never checked, since a newer one has fields that are unknown here.
    package mutating func warnOfUnknownFields(of object: DocumentObject, schema: FieldSchema) {
        if !schema.covers(.object(object)) { warn(of: object, schema) }
    }

    private mutating func warn(of object: DocumentObject, _ schema: FieldSchema) {
        guard case .fields(let fields) = schema else { return }
        for (index, member) in object.members.enumerated() {
            guard let schema = fields[member.key] else {
                warnOfUnknownField(at: index, of: object, known: fields.names)
                continue
            }
            switch (schema, member.value) {
            case (.fields, .object(let inner)):
                enter(.key(member.key), line: object.line(at: index)) { $0.warn(of: inner, schema) }
            case (.list(let elementSchema), .array(let elements)):
                enter(.key(member.key), line: object.line(at: index)) { reader in
                    for (place, element) in elements.enumerated() {
                        guard let inner = element.object else { continue }
                        reader.enter(.index(place), line: inner.line) { $0.warn(of: inner, elementSchema) }
                    }
                }
            default:
                break
            }
        }
    }

    /// Warns of the member at a place of `object`, which is none of `known`, in the words of an API server.
    package mutating func warnOfUnknownField(
        at index: Int, of object: DocumentObject, known: @autoclosure () -> [String]
    ) {
        // To look for what was meant takes time.
        if isWarnedEnough { return countWarning() }
        let member = object.members[index]
        enter(.key(member.key), line: object.line(at: index)) { fields in
            let removal = FieldSchema.removedFields[member.key].map { ": removed in Kubernetes \($0)" }
            let hint =
                removal ?? Suggestion.field(for: member.key, among: known()).map { "; did you mean \($0)?" } ?? ""
            fields.warning("unknown field \(MessageText.quoted(fields.field))\(hint)", inField: "")
        }
    }
}

extension FieldSchema {
    /// Fields that the API once had, and the version of Kubernetes that has them no longer.
    fileprivate static let removedFields = [
        "clusterName": "1.24", "initializers": "1.16", "ipFamily": "1.20", "topology": "1.25 (now nodeName and zone)",
        "topologyKeys": "1.22 (now trafficDistribution)",
    ]
}

extension Suggestion {
    /// What to write in the place of an unknown field, in quotes; `nil` if nothing is similar.
    fileprivate static func field(for key: String, among known: [String]) -> String? {
        // {ready:false} is a key with a colon in it, and no value.
        if let colon = key.firstIndex(of: ":"), known.contains(String(key[..<colon])) {
            return "\"\(key[..<colon]): \(MessageText.escaped(key[key.index(after: colon)...]))\", with a blank"
        }
        return closest(to: key, among: known).map { "\"\($0)\"" }
    }
}

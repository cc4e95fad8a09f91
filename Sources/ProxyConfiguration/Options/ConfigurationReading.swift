// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects

extension ProxyOptions {
    /// The options in a configuration file; unknown fields are ignored with a warning.
    ///
    /// - Parameters:
    ///   - path: the file, with a KubeProxyConfiguration in it or with a ConfigMap that holds one.
    ///   - log: collects everything that is wrong with it.
    /// - Returns: `nil` if they cannot be used; `log` says why.
    package static func read(path: String, log: inout DiagnosticLog) -> ProxyOptions? {
        KubeProxyConfigurationFile.read(path: path, log: &log, read)
    }

    /// The options in the text of a configuration file, as ``read(path:log:)`` reads it.
    static func read(_ text: [UInt8], file: String, log: inout DiagnosticLog) -> ProxyOptions? {
        KubeProxyConfigurationFile.read(text, file: file, log: &log, read)
    }

    private static func read(_ fields: inout FieldReader, _ object: DocumentObject) -> ProxyOptions {
        var options = ProxyOptions()
        options.apply(object, at: "", &fields)
        return options
    }

    private static let optionsByField = Dictionary(
        uniqueKeysWithValues: ProxyOption.all.compactMap { option in option.field.map { ($0, option) } })
    /// The fields that hold nothing but other fields, and those that every object has.
    private static let enclosingFields = Set(
        optionsByField.keys.flatMap { field in
            field.indices.filter { field[$0] == "." }.map { String(field[..<$0]) }
        })
    private static let objectFields: Set<String> = ["apiVersion", "kind", "metadata"]

    /// The names of the fields in the mapping `path`, which is empty or ends with a dot.
    private static func knownFields(of path: String) -> [String] {
        Set(optionsByField.keys).union(enclosingFields).filter { field in
            field.hasPrefix(path) && !field.dropFirst(path.count).contains(".")
        }.map { String($0.dropFirst(path.count)) }.sorted()
    }

    private mutating func apply(_ object: DocumentObject, at path: String, _ fields: inout FieldReader) {
        for (index, member) in object.members.enumerated() {
            let key = member.key
            let field = path + key
            if let option = Self.optionsByField[field] {
                _ = fields.optional(key, of: object) { fields, value in option.apply(value, &fields, to: &self) }
            } else if Self.enclosingFields.contains(field) {
                fields.inside(key, of: object) { fields, inner in apply(inner, at: field + ".", &fields) }
            } else if !Self.objectFields.contains(field) {
                fields.warnOfUnknownField(at: index, of: object, known: Self.knownFields(of: path))
            }
        }
    }
}

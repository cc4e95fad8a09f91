import Documents
import KubernetesObjects

extension ProxyOptions {
    /// The options that a configuration file gives; unknown fields are warned about and passed over.
    ///
    /// - Parameters:
    ///   - path: the file, with a KubeProxyConfiguration in it or with a ConfigMap that holds one.
    ///   - log: gets everything that is wrong with it.
    /// - Returns: `nil` if they cannot be used; `log` says why.
    public static func read(path: String, log: inout DiagnosticLog) -> ProxyOptions? {
        KubeProxyConfigurationFile.read(path: path, log: &log, read)
    }

    /// The options that the text of a configuration file gives, as ``read(path:log:)`` reads it.
    static func read(_ text: [UInt8], file: String, log: inout DiagnosticLog) -> ProxyOptions? {
        KubeProxyConfigurationFile.read(text, file: file, log: &log, read)
    }

    private static func read(_ fields: inout FieldReader, _ object: DocumentObject) -> ProxyOptions {
        var options = ProxyOptions()
        options.take(object, at: "", &fields)
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

    private mutating func take(_ object: DocumentObject, at path: String, _ fields: inout FieldReader) {
        for key in object.members.map(\.key) {
            let field = path + key
            if let option = Self.optionsByField[field] {
                _ = fields.optional(key, of: object) { fields, value in option.take(value, &fields, to: &self) }
            } else if Self.enclosingFields.contains(field) {
                fields.inside(key, of: object) { fields, inner in take(inner, at: field + ".", &fields) }
            } else if !Self.objectFields.contains(field) {
                fields.atField(key) { $0.warning("is no field of KubeProxyConfiguration and is passed over") }
            }
        }
    }
}

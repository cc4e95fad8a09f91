// SPDX-License-Identifier: Apache-2.0

import Documents

/// The `metadata` of any object, as far as a proxy reads it.
struct ObjectMetadata {
    /// How an object of a kind may be named.
    enum NameRule {
        /// A DNS label and a namespace: Services.
        case label
        /// A DNS subdomain and a namespace.
        case subdomain
        /// A DNS subdomain, no namespace: Nodes.
        case clusterWideSubdomain
    }

    /// The namespace and name.
    let name: ObjectName
    /// Whether the object is being deleted: it has a `deletionTimestamp`.
    let isBeingDeleted: Bool
    /// When the change that led to this object was seen, if the object has it: a controller's annotation.
    let triggerTime: Timestamp?
    private let labels: DocumentObject

    /// The annotation that controllers of endpoints set (`discovery/v1`, well_known_annotations.go).
    private static let triggerAnnotation = "endpoints.kubernetes.io/last-change-trigger-time"

    /// Reads the metadata of `document`; from then on messages carry the object's name.
    ///
    /// - Returns: `nil` if the object has no usable name, which is then among the errors.
    init?(_ document: DocumentObject, rule: NameRule, fields: inout FieldReader) {
        guard
            let metadata = fields.required(
                "metadata", of: document, need: "a mapping with the name of the object", { $0.object($1) })
        else { return nil }
        var read: ObjectMetadata?
        fields.atField("metadata", of: document) { fields in
            // The unchecked name, so that even messages about the name itself carry it.
            let namespace = rule == .clusterWideSubdomain ? "" : ObjectName.defaultNamespace
            if let name = metadata["name"]?.string {
                fields.name = ObjectName(namespace: metadata["namespace"]?.string ?? namespace, name: name)
            }
            let given = fields.required("name", of: metadata, need: "the name of the object") {
                rule == .label ? $0.label($1) : $0.subdomain($1)
            }
            let givenNamespace =
                rule == .clusterWideSubdomain
                ? nil : fields.optional("namespace", of: metadata) { $1 == .string("") ? nil : $0.label($1) }
            guard let given else { return }
            let name = ObjectName(namespace: givenNamespace ?? namespace, name: given)
            fields.name = name
            let deletionTime = fields.optional("deletionTimestamp", of: metadata) { $0.text($1) }
            read = ObjectMetadata(
                name: name, isBeingDeleted: deletionTime?.isEmpty == false,
                triggerTime: metadata["annotations"]?.object?[Self.triggerAnnotation]?.string
                    .flatMap { Timestamp($0) },
                labels: fields.mapping("labels", of: metadata))
        }
        guard let read else { return nil }
        self = read
    }

    private init(name: ObjectName, isBeingDeleted: Bool, triggerTime: Timestamp?, labels: DocumentObject) {
        self.name = name
        self.isBeingDeleted = isBeingDeleted
        self.triggerTime = triggerTime
        self.labels = labels
    }

    /// The value of a label; `nil` if the label is absent.
    ///
    /// A label that is no text counts as empty.
    func label(_ key: String) -> String? { labels[key].map { $0.string ?? "" } }

    /// All labels whose values are texts.
    var allLabels: [String: String] {
        Dictionary(
            labels.members.compactMap { member in member.value.string.map { (member.key, $0) } },
            uniquingKeysWith: { _, last in last })
    }
}

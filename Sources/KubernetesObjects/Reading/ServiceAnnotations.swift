// SPDX-License-Identifier: Apache-2.0

import Documents
import Messages
import ServiceModel

// What a Service asks of kubetables alone.
extension Service {
    /// How the names of annotations begin that are meant for kubetables.
    private static let annotationPrefix = "kubetables.io/"

    private static let affinityModeAnnotation = annotationPrefix + "session-affinity-mode"

    /// Reads the annotations that are meant for kubetables; one that it does not know, or a value that it does not know, is
    /// worth a warning and has no effect.
    mutating func readAnnotations(_ annotations: DocumentObject, _ fields: inout FieldReader) {
        for member in annotations.members where member.key.hasPrefix(Self.annotationPrefix) {
            let key = member.key
            guard key == Self.affinityModeAnnotation else {
                fields.atField(key, of: annotations) {
                    $0.warning("unknown annotation; known is \(MessageText.quoted(Self.affinityModeAnnotation))")
                }
                continue
            }
            let choices = AffinityMode.allCases.map(\.rawValue)
            let text = member.value.string ?? ""
            affinityMode = AffinityMode(rawValue: text)
            guard affinityMode == nil else { continue }
            fields.atField(key, of: annotations) {
                $0.warning(
                    "unknown mode \(MessageText.quoted(text)): must be \(choices.joined(separator: " or ")); the node's "
                        + "own mode is used")
            }
        }
    }
}

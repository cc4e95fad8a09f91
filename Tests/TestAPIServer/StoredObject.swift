// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects

/// Why the test server takes no object or answers no request.
public struct ServerProblem: Error, CustomStringConvertible {
    /// What is wrong.
    public let description: String

    /// Says what is wrong.
    public init(description: String) { self.description = description }
}

/// An object as the server keeps it: its text in two halves, with the resourceVersion between them.
final class StoredObject: Sendable {
    let resource: ServedResource
    let key: String
    let name: String
    let namespace: String
    let labels: [String: String]
    let clusterIP: String
    private let head: [UInt8]
    private let tail: [UInt8]

    init(_ object: DocumentObject, resource: ServedResource, uid: Int) throws {
        guard let metadata = object["metadata"]?.object, let name = metadata["name"]?.string else {
            throw ServerProblem(description: "an object of kind \(resource.kind) without a name")
        }
        self.resource = resource
        self.name = name
        namespace = resource.isNamespaced ? metadata["namespace"]?.string ?? "default" : ""
        key = resource.isNamespaced ? "\(namespace)/\(name)" : name
        labels = (metadata["labels"]?.object?.members ?? []).reduce(into: [:]) { $0[$1.key] = $1.value.string ?? "" }
        clusterIP = object["spec"]?.object?["clusterIP"]?.string ?? ""

        var head = #""metadata":{"name":\#(DocumentValue.string(name).json)"#
        if resource.isNamespaced { head += #","namespace":\#(DocumentValue.string(namespace).json)"# }
        let digits = String(uid, radix: 16)
        let tenDigits = String(repeating: "0", count: max(0, 12 - digits.count)) + digits
        head += #","uid":"00000000-0000-4000-8000-\#(tenDigits)","resourceVersion":""#
        self.head = Array(head.utf8)

        var tail = "\""
        if resource == .endpointslices { tail += #","generation":1"# }
        tail += #","creationTimestamp":"2026-11-23T22:13:32Z""#
        for key in ["labels", "annotations"] {
            if let value = metadata[key] { tail += #","\#(key)":\#(value.json)"# }
        }
        tail += #","managedFields":\#(resource.managedFields)}"#
        for member in object.members where !["kind", "apiVersion", "metadata"].contains(member.key) {
            tail += ",\(DocumentValue.string(member.key).json):\(member.value.json)"
        }
        if resource == .services, object["status"] == nil { tail += #","status":{"loadBalancer":{}}"# }
        self.tail = Array((tail + "}").utf8)
    }

    /// The size of the text, about.
    var size: Int { head.count + tail.count + 80 }

    /// Appends the object as it stands in a list: without its kind.
    func appendItem(version: Int, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        appendRest(version: version, to: &bytes)
    }

    /// Appends the object as it stands in a watch.
    func appendWhole(version: Int, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: #"{"kind":"\#(resource.kind)","apiVersion":"\#(resource.apiVersion)","#.utf8)
        appendRest(version: version, to: &bytes)
    }

    private func appendRest(version: Int, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: head)
        bytes.append(contentsOf: String(version).utf8)
        bytes.append(contentsOf: tail)
    }
}

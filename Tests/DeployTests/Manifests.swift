// SPDX-License-Identifier: Apache-2.0

import Documents
import Foundation
import TestSupport

/// What is in deploy/, as values.
enum Deploy {
    /// The folder.
    static var folder: URL { Repository.root.appending(path: "deploy") }

    /// A file's text.
    static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: folder.appending(path: path)), as: UTF8.self)
    }

    /// A YAML file with one document.
    static func yaml<Value: Decodable>(_ path: String, as type: Value.Type = Value.self) throws -> Value {
        var documents: [DocumentValue] = []
        try Array(text(path).utf8).withUnsafeBufferPointer { bytes in
            var failure: DocumentError?
            DocumentStream.read(bytes) { document in
                switch document.content {
                case .success(let value): documents.append(value)
                case .failure(let error): failure = error
                }
            }
            if let failure { throw failure }
        }
        guard let document = documents.first, documents.count == 1 else {
            throw DocumentError(line: 1, column: 1, message: "\(documents.count) documents instead of one")
        }
        return try JSONDecoder().decode(type, from: Data(document.json.utf8))
    }
}

/// A kustomization, as far as ours go.
struct Kustomization: Decodable {
    struct Image: Decodable {
        let name: String
        let newTag: String
    }
    struct Patch: Decodable {
        let path: String
    }

    let kind: String
    let namespace: String?
    let resources: [String]?
    let images: [Image]?
    let patches: [Patch]?
}

/// A ServiceAccount, or another object of which the name is enough.
struct NamedObject: Decodable {
    struct Metadata: Decodable {
        let name: String
        let namespace: String?
    }

    let apiVersion: String
    let kind: String
    let metadata: Metadata
}

struct ClusterRole: Decodable {
    struct Rule: Decodable {
        let apiGroups: [String]
        let resources: [String]
        let verbs: [String]
    }

    let metadata: NamedObject.Metadata
    let rules: [Rule]

    /// Each verb with each resource: `list services`, `watch endpointslices.discovery.k8s.io`.
    var access: Set<String> {
        Set(
            rules.flatMap { rule in
                rule.verbs.flatMap { verb in
                    rule.apiGroups.flatMap { group in
                        rule.resources.map { "\(verb) \($0)\(group.isEmpty ? "" : ".\(group)")" }
                    }
                }
            })
    }
}

struct ClusterRoleBinding: Decodable {
    struct Reference: Decodable, Equatable {
        let kind: String
        let name: String
        let namespace: String?
    }

    let roleRef: Reference
    let subjects: [Reference]
}

/// A DaemonSet, or a patch of one.
struct DaemonSet: Decodable {
    struct Spec: Decodable {
        let template: Template
    }
    struct Template: Decodable {
        let spec: Pod
    }
    struct Pod: Decodable {
        let serviceAccountName: String?
        let priorityClassName: String?
        let hostNetwork: Bool?
        let hostPID: Bool?
        let hostIPC: Bool?
        let nodeSelector: [String: String]?
        let tolerations: [[String: String]]?
        let initContainers: [PodContainer]?
        let containers: [PodContainer]?
        let volumes: [PodVolume]?
    }

    let metadata: NamedObject.Metadata
    let spec: Spec

    var pod: Pod { spec.template.spec }
}

struct PodVolume: Decodable {
    struct ConfigMap: Decodable {
        let name: String
    }
    struct HostPath: Decodable {
        let path: String
        let type: String?
    }

    let name: String
    let configMap: ConfigMap?
    let hostPath: HostPath?
}

struct PodContainer: Decodable {
    struct Security: Decodable {
        struct Capabilities: Decodable {
            let drop: [String]?
            let add: [String]?
        }

        let privileged: Bool?
        let allowPrivilegeEscalation: Bool?
        let readOnlyRootFilesystem: Bool?
        let runAsUser: Int?
        let capabilities: Capabilities?
    }
    struct Mount: Decodable {
        let name: String
        let mountPath: String
        let readOnly: Bool?
    }
    struct Probe: Decodable {
        struct Get: Decodable {
            let path: String
            let port: Int
        }

        let httpGet: Get
    }

    let name: String
    let image: String
    let command: [String]?
    let args: [String]?
    let securityContext: Security?
    let volumeMounts: [Mount]?
    let livenessProbe: Probe?
    let readinessProbe: Probe?
}

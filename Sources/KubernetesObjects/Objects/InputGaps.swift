// SPDX-License-Identifier: Apache-2.0

import Documents
import Messages
import ServiceModel

/// What of the input could not be read when it was read first, and cannot be read still: nobody knows what it holds.
///
/// Something that was readable once is no gap: its last good state stays in force.
package struct InputGaps: Sendable, Equatable {
    /// The errors of these objects and files.
    package let errors: [Diagnostic]
    private let hasUnknownKinds: Bool
    /// The namespaces of EndpointSlices that cannot be read; their label, and so the Service, may be what is wrong.
    private let sliceNamespaces: Set<String>
    private let endpoints: Set<ServiceName>

    package init(_ errors: [Diagnostic] = []) {
        self.errors = errors
        var hasUnknownKinds = false
        var sliceNamespaces: Set<String> = []
        var endpoints: Set<ServiceName> = []
        for error in errors {
            switch (error.kind.flatMap(KubernetesObject.Kind.init(rawValue:)), error.name) {
            case (.service, _), (.node, _): break
            case (.endpointSlice, let name?): sliceNamespaces.insert(name.namespace)
            case (.endpoints, let name?): endpoints.insert(ServiceName(name))
            case (nil, _), (_, nil): hasUnknownKinds = true
            }
        }
        self.hasUnknownKinds = hasUnknownKinds
        self.sliceNamespaces = sliceNamespaces
        self.endpoints = endpoints
    }

    /// Whether everything could be read.
    package var isEmpty: Bool { errors.isEmpty }

    /// Whether endpoints of a Service may be in what cannot be read.
    package func mayHoldEndpoints(of service: ServiceName) -> Bool {
        hasUnknownKinds || sliceNamespaces.contains(service.namespace) || endpoints.contains(service)
    }

    /// What cannot be read: files, and objects that came from no file, each once.
    package var subjects: [String] {
        var seen: Set<String> = []
        return errors.map(\.subject).filter { seen.insert($0).inserted }
    }
}

extension Diagnostic {
    /// What it is about: a file, or an object that came from no file.
    package var subject: String {
        if !file.isEmpty { return MessageText.escaped(file) }
        return MessageText.escaped(
            [kind ?? "", name.map { "\($0)" } ?? ""].filter { !$0.isEmpty }.joined(separator: " "))
    }
}

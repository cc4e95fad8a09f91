// SPDX-License-Identifier: Apache-2.0

import Documents
import Messages

/// A finding about the input: what, where, and what would be right.
public struct Diagnostic: Hashable, Sendable {
    /// What follows from it.
    public enum Severity: String, Hashable, Sendable {
        /// The input cannot be used: nothing may reach the kernel.
        case error
        /// The input is used as kube-proxy does, which may not be what was meant.
        case warning
        /// All is well, but the user may want to know.
        case note
    }

    /// What follows from it.
    public var severity: Severity
    /// Where the object (or the text that should hold one) is; `nil` for a file as a whole.
    public var origin: ObjectOrigin?
    /// The path of the file; empty for an object that came from no file.
    public var file: String
    /// The line of the field, or where the object begins; from 1, `nil` for a file as a whole.
    public var line: Int?
    /// The column, from 1 and in characters; only for a text that is neither YAML nor JSON.
    public var column: Int?
    /// The kind of the object, if it is known.
    public var kind: String?
    /// The name of the object, if it is known.
    public var name: ObjectName?
    /// The path of the field, as `spec.ports[0].port`; empty for the object as a whole.
    public var field: String
    /// What is wrong with which value, and what would be right.
    public var message: String

    /// A finding about a file, or about an object in it.
    public init(
        _ severity: Severity, file: String, origin: ObjectOrigin? = nil, line: Int? = nil, column: Int? = nil,
        kind: String? = nil, name: ObjectName? = nil, field: String = "", message: String
    ) {
        self.severity = severity
        self.file = file
        self.origin = origin
        self.line = line
        self.column = column
        self.kind = kind
        self.name = name
        self.field = field
        self.message = message
    }

    /// A finding about an object that was read.
    public init(
        _ severity: Severity, origin: ObjectOrigin, kind: String, name: ObjectName, field: String = "", message: String
    ) {
        self.init(
            severity, file: origin.file, origin: origin, line: origin.line, kind: kind, name: name, field: field,
            message: message)
    }

    /// The number of the document in the file, from 1, if it is about one document.
    public var document: Int? { origin?.document }
}

extension Diagnostic: CustomStringConvertible {
    /// One line: `redis.yaml: document 2: line 14: Service default/redis: spec.ports[0].port: invalid port 70000: …`.
    public var description: String {
        var parts: [String] = []
        if !file.isEmpty {
            parts.append(MessageText.escaped(file))
            if let document { parts.append("document \(document)") }
        }
        if !file.isEmpty, let line, line > 0 {
            parts.append(column.map { "line \(line), column \($0)" } ?? "line \(line)")
        }
        if let kind {
            let name = name.map { " " + MessageText.escaped($0.description) } ?? ""
            parts.append(MessageText.escaped(kind) + name)
        }
        if !field.isEmpty { parts.append(MessageText.line(field)) }
        return (parts + [message]).joined(separator: ": ")
    }
}

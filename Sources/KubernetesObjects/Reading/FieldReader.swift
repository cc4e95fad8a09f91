import Documents

/// Reads the fields of one object and reports what is wrong with each of them.
///
/// Reading goes on after an error, so that all of them are found; who made the object asks ``hasErrors`` at the end. A
/// field that is `null` is absent, as in the API.
package struct FieldReader {
    private enum Step {
        case key(String)
        case index(Int)
    }

    package let origin: ObjectOrigin
    let kind: String?
    var name: ObjectName?
    package private(set) var diagnostics: [Diagnostic] = []
    private var path: [Step] = []
    private var line: Int

    /// Begins to read an object.
    ///
    /// - Parameter listPath: the indices that lead to the object in the document, if it is an item of a list.
    package init(kind: String?, origin: ObjectOrigin, listPath: [Int] = []) {
        self.kind = kind
        self.origin = origin
        line = origin.line
        path.reserveCapacity(8)
        for index in listPath { path += [.key("items"), .index(index)] }
    }

    /// Whether the object cannot be used.
    package var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

    /// Reports that the field being read cannot be used.
    package mutating func error(_ message: String) { add(.error, message) }

    /// Reports that the field being read may not mean what its author expects.
    package mutating func warning(_ message: String) { add(.warning, message) }

    /// Adds what was found in a document inside the object.
    package mutating func adopt(_ diagnostics: [Diagnostic]) { self.diagnostics += diagnostics }

    private mutating func add(_ severity: Diagnostic.Severity, _ message: String) {
        diagnostics.append(
            Diagnostic(
                severity, file: origin.file, origin: origin, line: line, kind: kind, name: name, field: field,
                message: message))
    }

    private var field: String {
        path.reduce(into: "") { text, step in
            switch step {
            case .key(let key): text += (text.isEmpty ? "" : ".") + key
            case .index(let index): text += "[\(index)]"
            }
        }
    }

    /// Reads a field that may be absent; `nil` if it is, or if it is wrong.
    package mutating func optional<Value>(
        _ key: String, of object: DocumentObject, _ read: (inout FieldReader, DocumentValue) -> Value?
    ) -> Value? {
        guard let value = object[key], value != .null else { return nil }
        return enter(.key(key), line: object.line) { read(&$0, value) }
    }

    /// Reads a field that must be there; `nil` if it is absent or wrong.
    ///
    /// - Parameter need: what the field must be, for the message.
    package mutating func required<Value>(
        _ key: String, of object: DocumentObject, need: String, _ read: (inout FieldReader, DocumentValue) -> Value?
    ) -> Value? {
        guard let value = object[key], value != .null else {
            enter(.key(key), line: object.line) { $0.error("is missing; it must be \(need)") }
            return nil
        }
        return enter(.key(key), line: object.line) { read(&$0, value) }
    }

    /// Reads a mapping that may be absent: an empty one stands for it then.
    mutating func mapping(_ key: String, of object: DocumentObject) -> DocumentObject {
        optional(key, of: object) { $0.object($1) } ?? DocumentObject([], line: object.line)
    }

    /// Reads fields of the mapping in a field; messages name the whole path.
    @discardableResult
    package mutating func inside<Value>(
        _ key: String, of object: DocumentObject, _ read: (inout FieldReader, DocumentObject) -> Value?
    ) -> Value? {
        optional(key, of: object) { fields, value in
            fields.object(value).flatMap { read(&fields, $0) }
        }
    }

    /// Reads the elements of a list that may be absent; wrong elements are left out.
    package mutating func list<Value>(
        _ key: String, of object: DocumentObject, _ read: (inout FieldReader, DocumentValue) -> Value?
    ) -> [Value] {
        optional(key, of: object) { $0.elements($1, read) } ?? []
    }

    /// Reads the elements of a list; wrong elements are left out.
    package mutating func elements<Value>(
        _ value: DocumentValue, _ read: (inout FieldReader, DocumentValue) -> Value?
    ) -> [Value]? {
        guard let elements = value.array else {
            error("must be a list, not \(value.summary)")
            return nil
        }
        var result: [Value] = []
        result.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            if let value = enter(.index(index), line: line, { read(&$0, element) }) { result.append(value) }
        }
        return result
    }

    /// Reports about an element of the list being read.
    package mutating func atElement(_ index: Int, _ body: (inout FieldReader) -> Void) {
        enter(.index(index), line: line, body)
    }

    /// Reports about a field of the mapping being read.
    package mutating func atField(_ key: String, _ body: (inout FieldReader) -> Void) {
        enter(.key(key), line: line, body)
    }

    private mutating func enter<Value>(
        _ step: Step, line: Int, _ body: (inout FieldReader) -> Value
    ) -> Value {
        let outerLine = self.line
        self.line = line
        path.append(step)
        defer {
            path.removeLast()
            self.line = outerLine
        }
        return body(&self)
    }
}

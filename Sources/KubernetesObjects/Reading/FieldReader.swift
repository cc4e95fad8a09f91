// SPDX-License-Identifier: Apache-2.0

import Documents

/// Reads the fields of one object and reports what is wrong with each of them.
///
/// Reading goes on after an error, so that all of them are found; who made the object asks ``hasErrors`` at the end. A
/// field that is `null` is absent, as in the API.
package struct FieldReader {
    enum Step {
        case key(String)
        case index(Int)
    }

    package let origin: ObjectOrigin
    let kind: String?
    var name: ObjectName?
    package private(set) var log = DiagnosticLog()
    /// How many warnings were only counted.
    private(set) var uncollectedWarnings = 0
    private let isInputWarnedEnough: Bool
    private var path: [Step] = []
    private var line: Int

    /// Begins to read an object.
    ///
    /// - Parameters:
    ///   - listPath: the indices that lead to the object in the document, if it is an item of a list.
    ///   - isWarnedEnough: whether the input has so many warnings that those of unknown fields are only counted.
    package init(kind: String?, origin: ObjectOrigin, listPath: [Int] = [], isWarnedEnough: Bool = false) {
        self.kind = kind
        isInputWarnedEnough = isWarnedEnough
        self.origin = origin
        line = origin.line
        path.reserveCapacity(8)
        for index in listPath { path += [.key("items"), .index(index)] }
    }

    /// Whether the object cannot be used.
    package var hasErrors: Bool { log.hasErrors }

    /// Reports that the field being read cannot be used.
    package mutating func error(_ message: String) { add(.error, message) }

    /// Reports that the field being read may not mean what its author expects.
    package mutating func warning(_ message: String) { add(.warning, message) }

    /// Whether one more warning would only be counted.
    var isWarnedEnough: Bool { isInputWarnedEnough || log.isFull(.warning) }

    /// Counts a warning that would not be kept in full.
    mutating func countWarning() {
        if log.isFull(.warning) { log.count(more: 1, .warning) } else { uncollectedWarnings += 1 }
    }

    /// Reports a warning that names its field itself.
    mutating func warning(_ message: String, inField field: String) { add(.warning, message, field: field) }

    /// Reports what its author may want to know about the field being read.
    package mutating func note(_ message: String) { add(.note, message) }

    /// Adds what was found in a document inside the object.
    package mutating func adopt(_ log: DiagnosticLog) { self.log.add(log) }

    private mutating func add(_ severity: Diagnostic.Severity, _ message: String, field: String? = nil) {
        log.add(
            Diagnostic(
                severity, file: origin.file, origin: origin, line: line, kind: kind, name: name,
                field: field ?? self.field,
                message: message))
    }

    /// The path to the field being read, as `spec.ports[0].port`.
    var field: String {
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
        object.index(of: key).flatMap { value(at: $0, of: object, read) }
    }

    /// Reads the member at a place of a mapping with keys of the user's choice; `nil` if it is `null` or wrong.
    package mutating func value<Value>(
        at index: Int, of object: DocumentObject, _ read: (inout FieldReader, DocumentValue) -> Value?
    ) -> Value? {
        if object.members[index].value.isNull { return nil }
        return enter(.key(object.members[index].key), line: object.line(at: index)) {
            read(&$0, object.members[index].value)
        }
    }

    /// Reads a field that must be there; `nil` if it is absent or wrong.
    ///
    /// - Parameter need: what the field must be, for the message.
    package mutating func required<Value>(
        _ key: String, of object: DocumentObject, need: String, _ read: (inout FieldReader, DocumentValue) -> Value?
    ) -> Value? {
        guard let index = object.index(of: key), !object.members[index].value.isNull else {
            enter(.key(key), line: object.line(at: object.index(of: key))) {
                $0.error("is missing; it must be \(need)")
            }
            return nil
        }
        return enter(.key(key), line: object.line(at: index)) { read(&$0, object.members[index].value) }
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
            let line = element.object?.line ?? line
            if let value = enter(.index(index), line: line, { read(&$0, element) }) { result.append(value) }
        }
        return result
    }

    /// Reports about an element of the list being read.
    package mutating func atElement(_ index: Int, line: Int? = nil, _ body: (inout FieldReader) -> Void) {
        enter(.index(index), line: line ?? self.line, body)
    }

    /// Reports about a field of the mapping being read.
    package mutating func atField(
        _ key: String, of object: DocumentObject, _ body: (inout FieldReader) -> Void
    ) {
        enter(.key(key), line: object.line(at: object.index(of: key)), body)
    }

    mutating func enter<Value>(
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

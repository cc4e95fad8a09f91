// SPDX-License-Identifier: Apache-2.0

import Documents

/// How reports are written for programs: whole ones, and lists item by item.
protocol ReportForm {
    func text(_ report: DocumentValue) -> String
    func beginning(kind: String, apiVersion: String, isEmpty: Bool) -> String
    func item(_ item: some Encodable, isLast: Bool) throws -> String
    func end(isEmpty: Bool) -> String
}

/// JSON in which a mapping has a line for each member, and a list one for each of its elements: good for grep and jq alike.
struct JSONLines: ReportForm {
    func text(_ report: DocumentValue) -> String { Self.text(report, indentation: "") + "\n" }

    func beginning(kind: String, apiVersion: String, isEmpty: Bool) -> String {
        """
        {
          "apiVersion": \(DocumentValue.string(apiVersion).json),
          "kind": \(DocumentValue.string(kind).json),
          "items": [\(isEmpty ? "]" : "")

        """
    }

    func item(_ item: some Encodable, isLast: Bool) throws -> String {
        "    \(try JSONEncoding.text(of: item))\(isLast ? "" : ",")\n"
    }

    func end(isEmpty: Bool) -> String { isEmpty ? "}\n" : "  ]\n}\n" }

    private static func text(_ value: DocumentValue, indentation: String) -> String {
        let inner = indentation + "  "
        switch value {
        case .object(let object) where !object.members.isEmpty:
            let members = object.members.map { member in
                "\(inner)\(DocumentValue.string(member.key).json): \(text(member.value, indentation: inner))"
            }
            return "{\n\(members.joined(separator: ",\n"))\n\(indentation)}"
        case .array(let elements) where elements.contains { !$0.isScalar }:
            let lines = elements.map { "\(inner)\($0.hasLongList ? text($0, indentation: inner) : $0.json)" }
            return "[\n\(lines.joined(separator: ",\n"))\n\(indentation)]"
        default:
            return value.json
        }
    }
}

extension DocumentValue {
    fileprivate var isScalar: Bool {
        switch self {
        case .array, .object: false
        default: true
        }
    }

    /// Whether it is a mapping with a list of mappings, which would make a line of any length.
    fileprivate var hasLongList: Bool {
        guard let object else { return false }
        return object.members.contains { $0.value.array?.contains { !$0.isScalar } ?? false }
    }
}

/// YAML in block style.
struct YAMLLines: ReportForm {
    func text(_ report: DocumentValue) -> String { report.yaml(.given) }

    func beginning(kind: String, apiVersion: String, isEmpty: Bool) -> String {
        DocumentValue.object(["apiVersion": .string(apiVersion), "kind": .string(kind)]).yaml(.given)
            + (isEmpty ? "items: []\n" : "items:\n")
    }

    func item(_ item: some Encodable, isLast: Bool) throws -> String {
        DocumentValue.array([try DocumentValue(encoding: item)]).yaml(.given)
    }

    func end(isEmpty: Bool) -> String { "" }
}

// SPDX-License-Identifier: Apache-2.0

extension DocumentValue {
    /// The value as a YAML document in block style; mappings are in the order of their keys, as Kubernetes writes them.
    public var yaml: String { yaml(.sorted) }

    /// The order of the members of mappings.
    package enum MemberOrder: Sendable {
        /// That of their keys.
        case sorted
        /// That of the value.
        case given
    }

    /// The value as a YAML document in block style.
    package func yaml(_ order: MemberOrder, indentation: String = "") -> String {
        var text = ""
        writeBlock(to: &text, order, indentation: indentation, first: indentation)
        return text
    }

    /// - Parameter first: what the first line begins with instead of the indentation.
    private func writeBlock(to text: inout String, _ order: MemberOrder, indentation: String, first: String) {
        var start = first
        switch self {
        case .object(let object) where !object.members.isEmpty:
            let members = order == .given ? object.members : object.members.sorted { $0.key < $1.key }
            for member in members {
                text += start + Self.scalar(member.key) + ":"
                member.value.writeMember(to: &text, order, indentation: indentation)
                start = indentation
            }
        case .array(let elements) where !elements.isEmpty:
            for element in elements {
                element.writeBlock(to: &text, order, indentation: indentation + "  ", first: start + "- ")
                start = indentation
            }
        default:
            text += "\(first)\(line)\n"
        }
    }

    private func writeMember(to text: inout String, _ order: MemberOrder, indentation: String) {
        switch self {
        case .object(let object) where !object.members.isEmpty:
            text += "\n"
            writeBlock(to: &text, order, indentation: indentation + "  ", first: indentation + "  ")
        case .array(let elements) where !elements.isEmpty:
            text += "\n"
            writeBlock(to: &text, order, indentation: indentation, first: indentation)
        default:
            text += " \(line)\n"
        }
    }

    /// The value on one line.
    private var line: String {
        if case .string(let text) = self { Self.scalar(text) } else { json }
    }

    /// A text, in quotes unless every reader of YAML takes it for one without.
    private static func scalar(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy(isPlain) && !text.hasPrefix("-")
        return isPlain && YAMLScalar.value(text) == .string(text) ? text : DocumentValue.string(text).json
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "/"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

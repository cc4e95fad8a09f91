// SPDX-License-Identifier: Apache-2.0

extension DocumentValue {
    /// The value as a YAML document in block style; mappings are in the order of their keys, as Kubernetes writes them.
    public var yaml: String {
        var text = ""
        writeBlock(to: &text, indentation: "")
        return text
    }

    private func writeBlock(to text: inout String, indentation: String) {
        switch self {
        case .object(let object) where !object.members.isEmpty:
            for member in object.members.sorted(by: { $0.key < $1.key }) {
                text += indentation + Self.scalar(member.key) + ":"
                member.value.writeMember(to: &text, indentation: indentation)
            }
        case .array(let elements) where !elements.isEmpty:
            // Lists and mappings in lists are as JSON, which is YAML too: kube-proxy's files have hardly any.
            for element in elements { text += "\(indentation)- \(element.line)\n" }
        default:
            text += "\(indentation)\(line)\n"
        }
    }

    private func writeMember(to text: inout String, indentation: String) {
        switch self {
        case .object(let object) where !object.members.isEmpty:
            text += "\n"
            writeBlock(to: &text, indentation: indentation + "  ")
        case .array(let elements) where !elements.isEmpty:
            text += "\n"
            writeBlock(to: &text, indentation: indentation)
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
        let isPlain = text.unicodeScalars.allSatisfy { plainScalars.contains($0) } && !text.hasPrefix("-")
        return isPlain && YAMLScalar.value(text) == .string(text) ? text : DocumentValue.string(text).json
    }

    private static let plainScalars = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-".unicodeScalars)
}

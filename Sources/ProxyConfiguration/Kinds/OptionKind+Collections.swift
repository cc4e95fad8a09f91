// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects

extension OptionKind<[String]> {
    /// Texts: in files a list.
    static func texts(_ valueName: String) -> OptionKind {
        OptionKind(
            syntax: OptionSyntax("\(valueName),…", .list), parse: { text, _ in OptionParsing.list(text) },
            read: { fields, value in fields.elements(value) { $0.text($1) } },
            document: { .array($0.map(DocumentValue.string)) }, unset: .null)
    }
}

extension OptionKind<[String: String]> {
    /// Labels; no file has them.
    static var labels: OptionKind {
        textual(
            OptionSyntax("key=value,…", .list),
            { text, name throws(OptionError) in
                try OptionParsing.pairs(OptionParsing.list(text), noun: "label", option: name)
            },
            text: { $0.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: ",") })
    }
}

extension OptionKind<DocumentObject> {
    /// Switches by name.
    static var switches: OptionKind {
        OptionKind(
            syntax: OptionSyntax("name=true|false,…", .list),
            parse: { text, name throws(OptionError) in
                let pairs = try OptionParsing.pairs(OptionParsing.list(text), noun: "switch", option: name)
                var members: [DocumentObject.Member] = []
                for (key, value) in pairs.sorted(by: { $0.key < $1.key }) {
                    let isOn = try OptionParsing.boolean(value, option: name)
                    members.append(DocumentObject.Member(key: key, value: .bool(isOn)))
                }
                return DocumentObject(members)
            },
            read: { fields, value in
                guard let object = fields.object(value) else { return nil }
                var members: [DocumentObject.Member] = []
                for index in object.members.indices.sorted(by: { object.members[$0].key < object.members[$1].key }) {
                    guard let isOn = fields.value(at: index, of: object, { $0.boolean($1) }) else { continue }
                    members.append(DocumentObject.Member(key: object.members[index].key, value: .bool(isOn)))
                }
                return members.isEmpty ? nil : DocumentObject(members)
            }, document: { .object($0) }, unset: .object([:]))
    }
}

extension OptionKind<DocumentValue> {
    /// Log levels by source file (klog's `-vmodule`): `pattern=level,…`, in files a list of pairs.
    static var levelsByFile: OptionKind {
        OptionKind(
            syntax: OptionSyntax("pattern=level,…", .list),
            parse: { text, name throws(OptionError) in
                let pairs = try OptionParsing.pairs(OptionParsing.list(text), noun: "level", option: name)
                var elements: [DocumentValue] = []
                for (pattern, level) in pairs.sorted(by: { $0.key < $1.key }) {
                    guard let level = GoNumber.integer(level) else {
                        throw OptionError(name, "invalid level \(MessageText.quoted(level)): must be a whole number")
                    }
                    elements.append(.object(["filePattern": .string(pattern), "verbosity": .integer(level)]))
                }
                return .array(elements)
            },
            read: { fields, value in
                guard let elements = fields.elements(value, { Self.pair(&$0, $1) }), !elements.isEmpty else {
                    return nil
                }
                return .array(elements)
            }, document: { $0 }, unset: .array([]))
    }

    private static func pair(_ fields: inout FieldReader, _ value: DocumentValue) -> DocumentValue? {
        guard let object = fields.object(value),
            let pattern = fields.optional("filePattern", of: object, { $0.text($1) }),
            let level = fields.optional("verbosity", of: object, { $0.integer($1) })
        else { return nil }
        return .object(["filePattern": .string(pattern), "verbosity": .integer(level)])
    }
}

// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects
import NetworkTypes
import RuleCompiler

extension OptionKind<IPAddress> {
    static var address: OptionKind {
        textual(
            OptionSyntax("address"),
            { text, name throws(OptionError) in
                guard let address = IPAddress(text) else {
                    throw OptionError(name, "invalid IP address \(MessageText.quoted(text))")
                }
                return address
            }, text: \.description)
    }
}

extension OptionKind<BindAddress> {
    /// Where to listen; an empty value on the command line disables the server.
    static func bindAddress(defaultPort: UInt16) -> OptionKind {
        let textual = textual(
            OptionSyntax("address:port"),
            { text, name throws(OptionError) in
                try OptionParsing.bindAddress(text, defaultPort: defaultPort, option: name)
            }, text: \.description)
        return OptionKind(
            syntax: textual.syntax,
            parse: { text, name throws(OptionError) in text.isEmpty ? BindAddress.none : try textual.parse(text, name)
            },
            read: textual.read, document: textual.document, unset: textual.unset)
    }
}

extension OptionKind<[IPAddress]> {
    /// Addresses; no file has them.
    static var addresses: OptionKind {
        textual(
            OptionSyntax("address,…", .list),
            { text, name throws(OptionError) in
                try OptionParsing.addresses(OptionParsing.list(text), option: name)
            }, text: { $0.map(\.description).joined(separator: ",") })
    }
}

extension OptionKind<[CIDR]> {
    /// The cluster's pod ranges: in files one text, with a comma between them.
    static var clusterCIDRs: OptionKind {
        textual(
            OptionSyntax("cidr,…"),
            { text, name throws(OptionError) in
                try OptionParsing.clusterCIDRs(OptionParsing.list(text), option: name)
            }, text: { $0.map(\.description).joined(separator: ",") })
    }
}

extension OptionKind<NodePortAddresses> {
    /// The addresses that serve node ports: in files a list.
    static var nodePortAddresses: OptionKind {
        OptionKind(
            syntax: OptionSyntax("cidr,…", .list),
            parse: { text, name throws(OptionError) in
                text.isEmpty ? nil : try OptionParsing.nodePortAddresses(OptionParsing.list(text), option: name)
            },
            read: { fields, value in
                guard let texts = fields.elements(value, { $0.text($1) }), !texts.isEmpty else { return nil }
                return fields.checked { () throws(OptionError) in
                    try OptionParsing.nodePortAddresses(texts, option: "")
                }
            },
            document: { addresses in
                switch addresses {
                case .primary: .array([.string("primary")])
                case .ranges(let ranges): .array(ranges.map { .string($0.description) })
                }
            }, unset: .null)
    }
}

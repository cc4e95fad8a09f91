import Documents
import KubernetesObjects
import NetworkTypes
import RuleCompiler

extension OptionKind<String> {
    /// Any text.
    static func text(_ valueName: String) -> OptionKind {
        spelled(OptionSyntax(valueName), { text, _ in text }, text: { $0 })
    }

    /// One of a few words.
    static func word(_ valueName: String, _ words: [String], otherwise: @escaping @Sendable (String) -> String)
        -> OptionKind
    {
        spelled(
            OptionSyntax(valueName, choices: words),
            { text, name throws(OptionError) in
                guard words.contains(text) else { throw OptionError(name, otherwise(text)) }
                return text
            }, text: { $0 })
    }

    /// The name of a node.
    static var nodeName: OptionKind {
        spelled(
            OptionSyntax("name"),
            { text, name throws(OptionError) in try OptionParsing.hostname(text, option: name) }, text: { $0 })
    }

    /// A size such as `1Mi`, in files also as a number.
    static var quantity: OptionKind {
        let text = text("size")
        return OptionKind(
            syntax: text.syntax, parse: text.parse,
            read: { fields, value in
                if case .integer(let number) = value { String(number) } else { text.read(&fields, value) }
            }, document: text.document, nothing: text.nothing)
    }
}

extension OptionKind<Bool> {
    /// Yes or no.
    static var boolean: OptionKind {
        OptionKind(
            syntax: OptionSyntax("true|false", .boolean, choices: ["true", "false"]),
            parse: { text, name throws(OptionError) in try OptionParsing.boolean(text, option: name) },
            read: { fields, value in fields.boolean(value) }, document: { .bool($0) }, nothing: .bool(false))
    }
}

extension OptionKind<Int> {
    /// A whole number.
    ///
    /// - Parameters:
    ///   - zeroSaysNothing: whether 0 in a file stands for the default.
    ///   - check: throws if there is something wrong with the number, for the option of that name.
    static func integer(
        _ valueName: String, zeroSaysNothing: Bool = false,
        _ check: @escaping @Sendable (Int, String) throws(OptionError) -> Int
    ) -> OptionKind {
        OptionKind(
            syntax: OptionSyntax(valueName),
            parse: { text, name throws(OptionError) in
                guard let number = Int(text) else { throw OptionError(name, "“\(text)” is not a whole number") }
                return try check(number, name)
            },
            read: { fields, value in
                guard let number = fields.integer(value), number != 0 || !zeroSaysNothing else { return nil }
                return fields.checked { () throws(OptionError) in try check(Int(number), "") }
            }, document: { .integer(Int64($0)) }, nothing: .null)
    }

    /// A whole number in a range.
    static func integer(
        _ valueName: String, _ range: ClosedRange<Int>, zeroSaysNothing: Bool = false
    ) -> OptionKind {
        integer(valueName, zeroSaysNothing: zeroSaysNothing) { number, name throws(OptionError) in
            guard range.contains(number) else {
                throw OptionError(name, "\(number) is not from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
    }

    /// The number of a bit of the packet mark.
    static var markBit: OptionKind {
        integer("0-31") { number, name throws(OptionError) in
            try OptionParsing.masqueradeBit(number, option: name)
        }
    }

    /// A number of connections.
    static var connectionCount: OptionKind {
        integer("number") { number, name throws(OptionError) in try OptionParsing.count(number, option: name) }
    }
}

extension OptionKind<Double> {
    /// A number, of which 0 in a file stands for the default.
    static var number: OptionKind {
        OptionKind(
            syntax: OptionSyntax("number"),
            parse: { text, name throws(OptionError) in
                guard let number = Double(text), number.isFinite else {
                    throw OptionError(name, "“\(text)” is not a number")
                }
                return number
            },
            read: { fields, value in
                if case .double(let number) = value { return number }
                return fields.integer(value).flatMap { $0 == 0 ? nil : Double($0) }
            },
            document: { Int64(exactly: $0).map(DocumentValue.integer) ?? .double($0) }, nothing: .null)
    }
}

extension OptionKind<Duration> {
    /// A duration, not negative.
    ///
    /// - Parameter zeroSaysNothing: whether zero in a file stands for the default.
    static func duration(zeroSaysNothing: Bool = false) -> OptionKind {
        OptionKind(
            syntax: OptionSyntax("duration"),
            parse: { text, name throws(OptionError) in try OptionParsing.duration(text, option: name) },
            read: { fields, value in
                fields.duration(value).flatMap { $0 == .zero && zeroSaysNothing ? nil : $0 }
            }, document: { .string(DurationText.text($0)) }, nothing: .string("0s"))
    }

    /// A duration that files may have as a number of nanoseconds.
    static var durationOrNanoseconds: OptionKind {
        let duration = duration(zeroSaysNothing: true)
        return OptionKind(
            syntax: duration.syntax, parse: duration.parse,
            read: { fields, value in
                guard case .integer(let nanoseconds) = value else { return duration.read(&fields, value) }
                guard nanoseconds >= 0 else {
                    fields.error("\(nanoseconds) is not \(DurationText.need)")
                    return nil
                }
                return nanoseconds == 0 ? nil : .nanoseconds(nanoseconds)
            }, document: duration.document, nothing: duration.nothing)
    }
}

extension OptionKind<DetectLocalMode> {
    /// How pods are told apart.
    static var detectLocalMode: OptionKind {
        let modes = DetectLocalMode.allCases.map(\.rawValue)
        return spelled(
            OptionSyntax("mode", choices: modes),
            { text, name throws(OptionError) in
                guard let mode = DetectLocalMode(rawValue: text) else {
                    throw OptionError(name, "“\(text)” is unknown; it must be one of \(modes.joined(separator: ", "))")
                }
                return mode
            }, text: \.rawValue)
    }
}

extension OptionKind<IPAddress> {
    /// An address.
    static var address: OptionKind {
        spelled(
            OptionSyntax("address"),
            { text, name throws(OptionError) in
                guard let address = IPAddress(text) else { throw OptionError(name, "“\(text)” is no IP address") }
                return address
            }, text: \.description)
    }
}

extension OptionKind<BindAddress> {
    /// Where to listen; on the command line nothing stands for nowhere.
    static func bindAddress(defaultPort: UInt16) -> OptionKind {
        let spelled = spelled(
            OptionSyntax("address:port"),
            { text, name throws(OptionError) in
                try OptionParsing.bindAddress(text, defaultPort: defaultPort, option: name)
            }, text: \.description)
        return OptionKind(
            syntax: spelled.syntax,
            parse: { text, name throws(OptionError) in text.isEmpty ? BindAddress.none : try spelled.parse(text, name)
            },
            read: spelled.read, document: spelled.document, nothing: spelled.nothing)
    }
}

extension OptionKind<[IPAddress]> {
    /// Addresses, which no file has.
    static var addresses: OptionKind {
        spelled(
            OptionSyntax("address,…", .list),
            { text, name throws(OptionError) in
                try OptionParsing.addresses(OptionParsing.list(text), option: name)
            }, text: { $0.map(\.description).joined(separator: ",") })
    }
}

extension OptionKind<[CIDR]> {
    /// The cluster's pod ranges: one text, with a comma between them.
    static var clusterCIDRs: OptionKind {
        spelled(
            OptionSyntax("cidr,…"),
            { text, name throws(OptionError) in
                try OptionParsing.clusterCIDRs(OptionParsing.list(text), option: name)
            }, text: { $0.map(\.description).joined(separator: ",") })
    }
}

extension OptionKind<[String: String]> {
    /// Labels, which no file has.
    static var labels: OptionKind {
        spelled(
            OptionSyntax("key=value,…", .list),
            { text, name throws(OptionError) in try OptionParsing.labels(OptionParsing.list(text), option: name) },
            text: { $0.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: ",") })
    }
}

extension OptionKind<NodePortAddresses> {
    /// On which addresses node ports answer: in files a list.
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
            }, nothing: .null)
    }
}

extension OptionKind<[String]> {
    /// Texts: in files a list.
    static func texts(_ valueName: String) -> OptionKind {
        OptionKind(
            syntax: OptionSyntax("\(valueName),…", .list), parse: { text, _ in OptionParsing.list(text) },
            read: { fields, value in fields.elements(value) { $0.text($1) } },
            document: { .array($0.map(DocumentValue.string)) }, nothing: .null)
    }
}

extension OptionKind<DocumentObject> {
    /// Switches by name.
    static var switches: OptionKind {
        OptionKind(
            syntax: OptionSyntax("name=true|false,…", .list),
            parse: { text, name throws(OptionError) in
                let pairs = try OptionParsing.labels(OptionParsing.list(text), option: name)
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
                for key in object.members.map(\.key).sorted() {
                    guard let isOn = fields.optional(key, of: object, { $0.boolean($1) }) else { continue }
                    members.append(DocumentObject.Member(key: key, value: .bool(isOn)))
                }
                return members.isEmpty ? nil : DocumentObject(members)
            }, document: { .object($0) }, nothing: .object([:]))
    }
}

extension OptionKind<DocumentValue> {
    /// Levels of detail by file (klog's `-vmodule`): `pattern=level,…`, in files a list of pairs.
    static var levelsByFile: OptionKind {
        OptionKind(
            syntax: OptionSyntax("pattern=level,…", .list),
            parse: { text, name throws(OptionError) in
                let pairs = try OptionParsing.labels(OptionParsing.list(text), option: name)
                var elements: [DocumentValue] = []
                for (pattern, level) in pairs.sorted(by: { $0.key < $1.key }) {
                    guard let level = Int64(level) else {
                        throw OptionError(name, "“\(level)” is not a whole number; write PATTERN=LEVEL")
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
            }, document: { $0 }, nothing: .array([]))
    }

    private static func pair(_ fields: inout FieldReader, _ value: DocumentValue) -> DocumentValue? {
        guard let object = fields.object(value),
            let pattern = fields.optional("filePattern", of: object, { $0.text($1) }),
            let level = fields.optional("verbosity", of: object, { $0.integer($1) })
        else { return nil }
        return .object(["filePattern": .string(pattern), "verbosity": .integer(level)])
    }
}

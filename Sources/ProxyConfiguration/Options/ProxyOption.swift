import Documents
import KubernetesObjects

/// One of kube-proxy's options, described once: its flag, its field in configuration files, its help and its place in
/// `/configz` and in written files all follow from this.
///
/// The options there are: ``all``.
public struct ProxyOption: Sendable {
    /// What an option does here.
    public enum Effect: Sendable, Hashable {
        /// What it does in kube-proxy.
        case followed
        /// Nothing, which is worth a warning if it is set to something unusual; why that is so.
        case none(because: String)
        /// Nothing, nor does it in kube-proxy's iptables mode.
        case unused
    }

    /// The flag's name without dashes; `nil` if only files have the option.
    public let flag: String?
    /// The path of the field in a KubeProxyConfiguration; `nil` if only the command line has the option.
    public let field: String?
    /// How values are written.
    public let syntax: OptionSyntax
    /// What it is good for; empty for what is not worth a place in the help.
    public let help: String
    /// What it does here.
    public let effect: Effect
    /// Whether a program that runs keeps the value it began with.
    public let isFixedAtStart: Bool

    private let takeText: @Sendable (String, String, inout ProxyOptions) throws(OptionError) -> Void
    private let takeValue: @Sendable (inout FieldReader, DocumentValue, inout ProxyOptions) -> Void
    private let said: @Sendable (ProxyOptions) -> DocumentValue?
    private let standard: @Sendable (ProxyOptions) -> DocumentValue
    private let copy: @Sendable (ProxyOptions, inout ProxyOptions) -> Void
    private let harmless: [DocumentValue]

    /// Describes an option that has a property in ``ProxyOptions``.
    ///
    /// - Parameter standard: the value that counts where nothing is said; it may depend on other options.
    init<Value: Sendable>(
        flag: String?, field: String?, _ kind: OptionKind<Value>,
        _ property: any WritableKeyPath<ProxyOptions, Value?> & Sendable,
        standard: @escaping @Sendable (ProxyOptions) -> Value? = { _ in nil }, help: String = "",
        effect: Effect = .followed, isFixedAtStart: Bool = false, harmless: [DocumentValue] = []
    ) {
        self.flag = flag
        self.field = field
        syntax = kind.syntax
        self.help = help
        self.effect = effect
        self.isFixedAtStart = isFixedAtStart
        self.harmless = harmless
        takeText = { text, name, options throws(OptionError) in
            options[keyPath: property] = try kind.parse(text, name)
        }
        takeValue = { fields, value, options in options[keyPath: property] = kind.read(&fields, value) }
        said = { options in options[keyPath: property].map(kind.document) }
        self.standard = { options in standard(options).map(kind.document) ?? kind.nothing }
        copy = { source, target in target[keyPath: property] = source[keyPath: property] }
    }

    /// Describes an option that nothing depends on here; its value is checked and kept as it was said.
    init<Value: Sendable>(
        flag: String? = nil, field: String? = nil, _ kind: OptionKind<Value>, standard: Value? = nil, effect: Effect,
        harmless: [DocumentValue] = []
    ) {
        self.init(
            flag: flag, field: field, kind.kept, \.kept[field ?? flag ?? ""],
            standard: { _ in standard.map(kind.document) }, effect: effect, harmless: harmless)
    }
}

extension ProxyOption {
    /// The option as messages name it: `--cluster-cidr (clusterCIDR)`.
    public var name: String {
        switch (flag, field) {
        case (let flag?, let field?): "--\(flag) (\(field))"
        case (let flag?, nil): "--\(flag)"
        case (nil, let field): field ?? ""
        }
    }

    /// The value that counts where nothing is said, as help shows it; empty if there is none.
    public var standardText: String { standard(ProxyOptions()).flagText }

    /// Takes over what a flag says.
    ///
    /// - Throws: ``OptionError`` for a value that cannot be used.
    public func take(_ text: String, to options: inout ProxyOptions) throws(OptionError) {
        try takeText(text, "--\(flag ?? "")", &options)
    }

    /// Takes over what a field of a file says; `fields` is told what is wrong with it.
    func take(_ value: DocumentValue, _ fields: inout FieldReader, to options: inout ProxyOptions) {
        takeValue(&fields, value, &options)
    }

    /// Whether something was said about it.
    func isSaid(in options: ProxyOptions) -> Bool { said(options) != nil }

    /// The value in force, as a configuration file has it.
    func value(in options: ProxyOptions) -> DocumentValue { said(options) ?? standard(options) }

    /// Copies what was said about it.
    func copy(from source: ProxyOptions, to target: inout ProxyOptions) { copy(source, &target) }

    /// A warning if the value in force is one that kube-proxy would do something else for.
    func warning(in options: ProxyOptions) -> String? {
        guard case .none(let reason) = effect, let value = said(options), value != standard(options) else { return nil }
        return harmless.contains(value) ? nil : "\(name): \(value.flagText) has no effect: \(reason)"
    }
}

extension DocumentValue {
    /// The value as a flag has it.
    var flagText: String {
        switch self {
        case .null: ""
        case .string(let text): text
        case .array(let elements): elements.map(\.flagText).joined(separator: ",")
        case .object(let object): object.members.map { "\($0.key)=\($0.value.flagText)" }.joined(separator: ",")
        default: json
        }
    }
}

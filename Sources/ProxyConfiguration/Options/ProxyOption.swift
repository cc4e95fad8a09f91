// SPDX-License-Identifier: Apache-2.0

import Documents
import KubernetesObjects
import Messages

/// One of kube-proxy's options, described once: its flag, its field in configuration files, its help and its place in
/// `/configz` and in written files all follow from this.
///
/// All options: ``all``. A new option is one line in an extension of this type, in the list of its group, and a property
/// in ``ProxyOptions``.
package struct ProxyOption: Sendable {
    /// What an option does here.
    package enum Effect: Sendable, Hashable {
        /// The same as in kube-proxy.
        case sameAsKubeProxy
        /// Nothing, which is worth a warning if it has an unusual value.
        case none(because: String)
        /// Nothing, and nothing in kube-proxy's iptables mode either.
        case noneInIPTablesMode
    }

    /// The flag's name without dashes; `nil` if only files have the option.
    package let flag: String?
    /// The path of the field in a KubeProxyConfiguration; `nil` if only the command line has the option.
    package let field: String?
    package let syntax: OptionSyntax
    /// One sentence; empty for options that help does not show.
    package let help: String
    package let effect: Effect
    /// Whether a running program keeps the value it started with.
    package let isFixedAtStart: Bool

    private let applyText: @Sendable (String, String, inout ProxyOptions) throws(OptionError) -> Void
    private let applyValue: @Sendable (inout FieldReader, DocumentValue, inout ProxyOptions) -> Void
    private let explicitValue: @Sendable (ProxyOptions) -> DocumentValue?
    private let defaultValue: @Sendable (ProxyOptions) -> DocumentValue
    private let copyValue: @Sendable (ProxyOptions, inout ProxyOptions) -> Void
    private let valuesWithoutWarning: [DocumentValue]

    /// An option with a property of its own in ``ProxyOptions``.
    ///
    /// - Parameter defaultValue: the value in force if none is set; it may depend on other options.
    init<Value: Sendable>(
        flag: String?, field: String?, _ kind: OptionKind<Value>,
        _ property: any WritableKeyPath<ProxyOptions, Value?> & Sendable,
        defaultValue: @escaping @Sendable (ProxyOptions) -> Value? = { _ in nil }, help: String = "",
        effect: Effect = .sameAsKubeProxy, isFixedAtStart: Bool = false, valuesWithoutWarning: [DocumentValue] = []
    ) {
        self.flag = flag
        self.field = field
        syntax = kind.syntax
        self.help = help
        self.effect = effect
        self.isFixedAtStart = isFixedAtStart
        self.valuesWithoutWarning = valuesWithoutWarning
        applyText = { text, name, options throws(OptionError) in
            options[keyPath: property] = try kind.parse(text, name)
        }
        applyValue = { fields, value, options in options[keyPath: property] = kind.read(&fields, value) }
        explicitValue = { options in options[keyPath: property].map(kind.document) }
        self.defaultValue = { options in defaultValue(options).map(kind.document) ?? kind.unset }
        copyValue = { source, target in target[keyPath: property] = source[keyPath: property] }
    }

    /// An option without an effect here; its value is checked, and kept for `/configz` and written files.
    init<Value: Sendable>(
        flag: String? = nil, field: String? = nil, _ kind: OptionKind<Value>, defaultValue: Value? = nil,
        effect: Effect, valuesWithoutWarning: [DocumentValue] = []
    ) {
        self.init(
            flag: flag, field: field, kind.asDocumentValue, \.valuesWithoutEffect[field ?? flag ?? ""],
            defaultValue: { _ in defaultValue.map(kind.document) }, effect: effect,
            valuesWithoutWarning: valuesWithoutWarning)
    }
}

extension ProxyOption {
    /// The option as messages name it: `--cluster-cidr (clusterCIDR)`.
    package var name: String {
        switch (flag, field) {
        case (let flag?, let field?): "--\(flag) (\(field))"
        case (let flag?, nil): "--\(flag)"
        case (nil, let field): field ?? ""
        }
    }

    /// The default as help shows it; empty if there is none.
    package var defaultText: String { defaultValue(ProxyOptions()).flagText }

    /// Sets the option to the value of a flag.
    ///
    /// - Throws: ``OptionError`` for a value that cannot be used.
    package func apply(_ text: String, to options: inout ProxyOptions) throws(OptionError) {
        try applyText(text, "--\(flag ?? "")", &options)
    }

    /// Sets the option to the value of a field; `fields` collects what is wrong with it.
    func apply(_ value: DocumentValue, _ fields: inout FieldReader, to options: inout ProxyOptions) {
        applyValue(&fields, value, &options)
    }

    func isSet(in options: ProxyOptions) -> Bool { explicitValue(options) != nil }

    /// The value in force, as a configuration file has it.
    func value(in options: ProxyOptions) -> DocumentValue { explicitValue(options) ?? defaultValue(options) }

    func copy(from source: ProxyOptions, to target: inout ProxyOptions) { copyValue(source, &target) }

    /// A warning if kube-proxy would act on the value in force and kubetables does not.
    func warning(in options: ProxyOptions) -> String? {
        guard case .none(let reason) = effect, let value = explicitValue(options), value != defaultValue(options)
        else { return nil }
        guard !valuesWithoutWarning.contains(value) else { return nil }
        return "\(name): \(MessageText.escaped(value.flagText)) has no effect: \(reason)"
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

import ArgumentParser
import ProxyConfiguration

/// What a flag says about one of kube-proxy's options; what that means is asked when all flags are known.
struct Setting: Sendable, CustomStringConvertible {
    let option: ProxyOption
    let text: String

    /// The text, as help shows it.
    var description: String { text }
}

extension Option {
    /// A flag for an option, with the name and the help that the option has.
    init(_ option: ProxyOption) where Value == Setting? {
        let transform: @Sendable (String) -> Setting = { Setting(option: option, text: $0) }
        switch option.syntax.repetition {
        case .boolean:
            self.init(
                name: option.names, defaultAsFlag: Setting(option: option, text: "true"), parsing: .next,
                help: option.argumentHelp, completion: option.completion, transform: transform)
        case .single, .list:
            self.init(
                name: option.names, parsing: .unconditional, help: option.argumentHelp, completion: option.completion,
                transform: transform)
        }
    }

    /// A flag for an option with a list as its value, which can be given more than once.
    init(wrappedValue: [Setting], _ option: ProxyOption) where Value == [Setting] {
        self.init(
            wrappedValue: wrappedValue, name: option.names, parsing: .unconditionalSingleValue,
            help: option.argumentHelp, completion: option.completion
        ) { Setting(option: option, text: $0) }
    }
}

extension ProxyOption {
    fileprivate var names: NameSpecification {
        guard let flag else { return [] }
        guard flag.count == 1, let letter = flag.first else { return [.customLong(flag)] }
        return [.customShort(letter, allowingJoined: true), .customLong(flag)]
    }

    fileprivate var argumentHelp: ArgumentHelp {
        let choices = syntax.repetition == .boolean || syntax.choices.count < 2 ? [] : syntax.choices
        let values = choices.isEmpty ? "" : " (values: \(choices.joined(separator: ", ")))"
        let standard = standardText.isEmpty ? "" : " (default: \(standardText))"
        return ArgumentHelp(
            "\(help)\(standard)\(values)", valueName: syntax.valueName, visibility: help.isEmpty ? .hidden : .default)
    }

    fileprivate var completion: CompletionKind {
        if !syntax.choices.isEmpty { return .list(syntax.choices) }
        return syntax.valueName == "path" ? .file() : .default
    }
}

extension ParsableArguments {
    /// What the flags among these arguments say about kube-proxy's options; found as ArgumentParser finds them.
    var settings: [Setting] {
        Mirror(reflecting: self).children.flatMap { child -> [Setting] in
            switch child.value {
            case let flag as Option<Setting?>: flag.wrappedValue.map { [$0] } ?? []
            case let flags as Option<[Setting]>: flags.wrappedValue
            default: []
            }
        }
    }
}

extension ProxyOptions {
    /// The options that flags give.
    ///
    /// - Throws: `OptionError`, which names the flag.
    init(_ settings: [Setting]) throws(OptionError) {
        self.init()
        // Lists can come in parts.
        var parts: [String: [String]] = [:]
        for setting in settings {
            var text = setting.text
            if setting.option.syntax.repetition == .list {
                parts[setting.option.name, default: []].append(text)
                text = parts[setting.option.name, default: []].joined(separator: ",")
            }
            try setting.option.take(text, to: &self)
        }
    }
}

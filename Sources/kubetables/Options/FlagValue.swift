// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProxyConfiguration

/// The value of a flag for one of kube-proxy's options; it is parsed when all flags are known.
struct FlagValue: Sendable, CustomStringConvertible {
    let option: ProxyOption
    let text: String

    /// The text, as help shows it.
    var description: String { text }
}

extension Option {
    /// A flag for an option, with the name and the help of the option.
    init(_ option: ProxyOption) where Value == FlagValue? {
        let transform: @Sendable (String) -> FlagValue = { FlagValue(option: option, text: $0) }
        switch option.syntax.repetition {
        case .boolean:
            self.init(
                name: option.names, defaultAsFlag: FlagValue(option: option, text: "true"), parsing: .next,
                help: option.argumentHelp, completion: option.completion, transform: transform)
        case .single, .list:
            self.init(
                name: option.names, parsing: .unconditional, help: option.argumentHelp, completion: option.completion,
                transform: transform)
        }
    }

    /// A flag for an option with a list as its value, which can be repeated.
    init(wrappedValue: [FlagValue], _ option: ProxyOption) where Value == [FlagValue] {
        self.init(
            wrappedValue: wrappedValue, name: option.names, parsing: .unconditionalSingleValue,
            help: option.argumentHelp, completion: option.completion
        ) { FlagValue(option: option, text: $0) }
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
        let defaultNote = defaultText.isEmpty ? "" : " (default: \(defaultText))"
        return ArgumentHelp(
            "\(help)\(defaultNote)\(values)", valueName: syntax.valueName, visibility: help.isEmpty ? .hidden : .default
        )
    }

    fileprivate var completion: CompletionKind {
        if !syntax.choices.isEmpty { return .list(syntax.choices) }
        return syntax.valueName == "path" ? .file() : .default
    }
}

extension ParsableArguments {
    /// The values of the flags for kube-proxy's options among these arguments; found as ArgumentParser finds them.
    var flagValues: [FlagValue] {
        Mirror(reflecting: self).children.flatMap { child -> [FlagValue] in
            switch child.value {
            case let flag as Option<FlagValue?>: flag.wrappedValue.map { [$0] } ?? []
            case let flags as Option<[FlagValue]>: flags.wrappedValue
            default: []
            }
        }
    }
}

extension ProxyOptions {
    /// The options that flags set.
    ///
    /// - Throws: `OptionError`, which names the flag.
    init(_ flagValues: [FlagValue]) throws(OptionError) {
        self.init()
        // A list may be spread over several flags.
        var parts: [String: [String]] = [:]
        for value in flagValues {
            var text = value.text
            if value.option.syntax.repetition == .list {
                parts[value.option.name, default: []].append(text)
                text = parts[value.option.name, default: []].joined(separator: ",")
            }
            try value.option.apply(text, to: &self)
        }
    }
}

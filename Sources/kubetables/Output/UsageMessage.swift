// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import KubernetesObjects
import Messages
import ProxyConfiguration

/// An error of the command line in the words of all other errors: ArgumentParser's messages are sentences of another
/// style, and it has no hook to replace them.
struct UsageMessage {
    let text: String

    /// - Parameter message: ArgumentParser's; one that is not known here stays, with straight double quotes.
    init(parser message: String) {
        text = Self.rewritten(message) ?? Self.plain(message)
    }

    private static func rewritten(_ message: String) -> String? {
        if let match = message.wholeMatch(of: /Unknown option '(.+?)'(?:\. Did you mean '(.+?)'\?)?/) {
            return unknownOption("\(match.1)", suggestion: match.2.map(String.init))
        }
        // A group of short options, as in -fx.
        if let match = message.wholeMatch(of: /(Unknown option .+)\n +or: Missing value for '(.+)' in '.+'/) {
            return "\(rewritten("\(match.1)") ?? ""), or missing value for \(MessageText.quoted(match.2))"
        }
        if let match = message.wholeMatch(of: /[0-9]+ unexpected arguments: '(.+)'/) {
            return "unexpected arguments \"\(match.1.replacing("', '", with: "\", \""))\""
        }
        if let match = message.wholeMatch(of: /Missing expected argument '(.+?)(?: \.\.\.)?'/) {
            return
                "missing required \(match.1.hasPrefix("<") ? "argument" : "option") \(MessageText.quoted(match.1))"
        }
        if let match = message.wholeMatch(of: /The value '(.*)' is invalid for '(.+?)'\. Please provide one of (.+)\./)
        {
            let choices = match.3.matches(of: /'([^']+)'/).map(\.1).joined(separator: ", ")
            return
                "invalid value \(MessageText.quoted(match.1)) for \(MessageText.quoted(match.2)) (supported: \(choices))"
        }
        if let match = message.wholeMatch(of: /The value '(.*)' is invalid for '([^']+)'(.*)/) {
            return "invalid value \(MessageText.quoted(match.1)) for \(MessageText.quoted(match.2))\(match.3)"
        }
        if let match = message.wholeMatch(of: /The option '(.+)' does not take any value, but '(.*)' was specified\./) {
            return "option \(MessageText.quoted(match.1)) takes no value, but has \(MessageText.quoted(match.2))"
        }
        if let match = message.prefixMatch(of: /Can't generate completion scripts for '(.*)'/) {
            let shells = CompletionShell.allCases.map(\.rawValue).joined(separator: ", ")
            return "unsupported shell \(MessageText.quoted(match.1)) (supported: \(shells))"
        }
        return nil
    }

    /// - Parameter suggestion: ArgumentParser's, which may be a word of quite another length, and is never one of the
    ///   flags that it adds to each command.
    private static func unknownOption(_ name: String, suggestion: String?) -> String {
        let known = [suggestion, "--help", "--help-hidden", "--version"].compactMap { $0?.drop { $0 == "-" } }
        let closest = Suggestion.closest(to: String(name.drop { $0 == "-" }), among: known.map(String.init))
        return "unknown option \(MessageText.quoted(name))" + (closest.map { "; did you mean \"--\($0)\"?" } ?? "")
    }

    private static func plain(_ message: String) -> String {
        let line = message.replacing(/\s*\n\s*/, with: " ").replacing(/(^|\s)'([^']*)'/) { "\($0.1)\"\($0.2)\"" }
        return line.prefix(1).lowercased() + line.dropFirst()
    }
}

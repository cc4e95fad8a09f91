// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import KubernetesObjects
import Messages
import ProxyConfiguration

/// A command line as the shell passed it.
struct CommandLineArguments {
    /// The name that the program was called by, without folders.
    let programName: Substring
    let arguments: [String]

    init(_ words: [String]) {
        programName = words.first?.split(separator: "/").last ?? ""
        arguments = Array(words.dropFirst())
    }

    private var isKubeProxy: Bool { programName == "kube-proxy" }

    /// The arguments in the form that ArgumentParser reads: those of a program called kube-proxy are for `run`, and
    /// flags as Go allows them are rewritten.
    var normalized: [String] {
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        return (isKubeProxy ? ["run"] : []) + arguments[..<end].flatMap(Self.normalized) + arguments[end...]
    }

    /// Hyphens where Kubernetes accepts underscores too (`--log_dir`), and an empty value (`--kubeconfig=`) as an
    /// argument of its own: ArgumentParser takes it for a missing one.
    private static func normalized(_ argument: String) -> [String] {
        guard argument.hasPrefix("--") else { return [argument] }
        let name = argument.prefix { $0 != "=" }
        let value = argument[name.endIndex...]
        let hyphenated = String(name.map { $0 == "_" ? "-" : $0 })
        return value == "=" ? [hyphenated, ""] : [hyphenated + value]
    }

    // MARK: Errors

    /// Throws if the command is unknown.
    ///
    /// ArgumentParser would report the first of its options as unknown instead.
    func checkCommand() throws {
        let words = normalized.first == "help" ? normalized.dropFirst() : normalized[...]
        guard let name = words.first, !name.hasPrefix("-"), !Self.commandNames.contains(name) else { return }
        let suggestion = Suggestion.closest(to: name, among: Self.commandNames)
        throw ValidationError(
            "unknown command \(MessageText.quoted(name))" + (suggestion.map { "; did you mean \"\($0)\"?" } ?? ""))
    }

    /// Throws if another source is passed to a command that only a running program can answer, as other commands take it.
    ///
    /// ArgumentParser would report its value as an invalid argument.
    func checkSource() throws {
        let words = normalized.prefix { $0 != "--" }
        guard let command = words.first, Self.liveCommands.contains(command) else { return }
        let names = words.dropFirst().map { $0.prefix { $0 != "=" } }
        guard let option = names.first(where: Self.otherSources.contains) else { return }
        throw ValidationError(
            "\(command) has no option \(MessageText.quoted(option)): what it shows only a running program knows; leave the "
                + "option out, or use 'kubetables get' or 'kubetables explain' for manifests and clusters")
    }

    private static let liveCommands: Set<String> = ["top", "events"]
    private static let otherSources: Set<Substring> = ["-f", "--filename", "--kubeconfig", "--master"]

    private static let commandNames =
        ["help"] + Kubetables.configuration.subcommands.compactMap { $0.configuration.commandName }

    /// Ends the program with the message and the exit code of an error, or with the help that was asked for.
    func exit(_ error: any Error) -> Never {
        let code = Kubetables.exitCode(for: error)
        let message = Kubetables.message(for: error)
        guard !code.isSuccess, !message.isEmpty else { Kubetables.exit(withError: error) }
        Console.error(UsageMessage(parser: message).text)
        if code == .validationFailure { Console.note("see '\(helpCommand)'") }
        Kubetables.exit(withError: code)
    }

    private var helpCommand: String {
        if isKubeProxy { return "\(programName) --help" }
        guard let command = normalized.first, command != "help", Self.commandNames.contains(command) else {
            return "kubetables help"
        }
        return "kubetables help \(command)"
    }
}

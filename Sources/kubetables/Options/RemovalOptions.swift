// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc

/// What may be removed: by default nothing that is in force, since manifests that lack a Service look like a mistake.
struct RemovalOptions: ParsableArguments {
    @Flag(help: "Remove Services that are in force and not in the input.")
    var prune = false

    @Flag(help: "Accept input without any Service, EndpointSlice, Endpoints or Node.")
    var allowEmpty = false

    var emptiness: InputOptions.Emptiness { allowEmpty ? .allowed : .explicitOnly }

    /// Reports the Services whose rules would be removed, and asks whether that is meant, unless `--prune` was passed.
    ///
    /// - Parameter input: the paths of the input; a question needs standard input for the answer.
    /// - Throws: `ExitCode.badInput` if the Services must stay: then nothing may be changed.
    func confirmRemoval(of services: [String], input: [String]) throws {
        guard !services.isEmpty else { return }
        let count = services.count == 1 ? "1 Service" : "\(services.count) Services"
        let names = services.prefix(Self.shownServices).joined(separator: ", ")
        let more = services.count - Self.shownServices
        let list = more > 0 ? "\(names) and \(more) more" : names
        if prune { return Console.warn(["removing \(count) that the input does not have: \(list)"]) }
        let isOnTerminal = isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0
        if isOnTerminal, !input.contains("-"),
            Self.isConfirmed("Remove \(count) that the input does not have (\(list))?")
        {
            return
        }
        throw Console.failure(
            "the input does not have \(count) in force: \(list); nothing was changed: the input is the whole desired "
                + "state, so add what is missing, or pass --prune to remove \(services.count == 1 ? "it" : "them")",
            .badInput)
    }

    private static let shownServices = 20

    private static func isConfirmed(_ question: String) -> Bool {
        Console.ask("\(question) [y/N] ")
        guard let answer = readLine() else {
            // The end of input leaves the cursor behind the question.
            Console.printToStandardError("")
            return false
        }
        return ["y", "yes"].contains(answer.lowercased())
    }
}

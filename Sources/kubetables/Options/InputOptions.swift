// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import KubernetesObjects

/// The objects to read, and how strictly.
struct InputOptions: ParsableArguments {
    @Option(
        name: [.customShort("f"), .customLong("filename")],
        help: ArgumentHelp(
            "A manifest, a directory of manifests, or - for standard input. May be given more than once.",
            discussion: """
                YAML or JSON, any number of documents, lists. Services, EndpointSlices, Endpoints and Nodes are read, \
                other kinds are ignored. In directories all .yaml, .yml and .json files are read.
                """,
            valueName: "path"),
        completion: .file(extensions: ["yaml", "yml", "json"]))
    var paths: [String]

    @Flag(help: "Treat every warning about the input as an error.")
    var strict = false

    mutating func validate() throws { try Self.check(paths) }

    /// Checks the values of `-f`.
    ///
    /// - Throws: `ValidationError` for an empty path, which most often is a variable that is not set.
    static func check(_ paths: [String]) throws {
        guard paths.contains("") else { return }
        throw ValidationError(
            "-f: missing path: write a file, a directory, or - for standard input, for example -f myapp/")
    }

    /// Whether input without any object can be what was meant.
    enum Emptiness {
        /// It is an error, unless it is an explicit list without items.
        case explicitOnly
        case allowed
    }

    /// Reads the objects and reports what is wrong with them.
    ///
    /// - Throws: `ExitCode.badInput` if there is an error.
    func read(_ emptiness: Emptiness) throws -> ClusterObjects {
        let reader = ManifestReader(paths: paths)
        let log = strict ? reader.log.promotingWarnings() : reader.log
        Console.report(log.diagnostics)
        guard !log.hasErrors else { throw ExitCode.badInput }
        if emptiness == .explicitOnly, reader.objects.isEmpty, reader.inventory.emptyListCount == 0 {
            throw Console.failure(
                "no Service, EndpointSlice, Endpoints or Node in the input: \(reader.inventory); nothing was changed: "
                    + "if there are to be no Services, pass a List without items, or --allow-empty", .badInput)
        }
        return reader.objects
    }
}

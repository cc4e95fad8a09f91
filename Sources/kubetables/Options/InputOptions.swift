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

    /// Reads the objects and reports what is wrong with them.
    ///
    /// - Throws: `ExitCode.badInput` if there is an error.
    func read() throws -> ClusterObjects {
        var log = DiagnosticLog()
        let objects = ManifestReader.read(paths: paths, log: &log)
        if strict { log = log.promotingWarnings() }
        Console.report(log.diagnostics)
        guard !log.hasErrors else { throw ExitCode.badInput }
        return objects
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import NetworkTypes
import ProxyConfiguration

/// What the kernel is compared with: the desired rules of the running program, manifests, or a cluster.
struct ComparedSourceOptions: ParsableArguments {
    @OptionGroup var source: InspectedSourceOptions

    @Flag(help: "Treat every warning about the input as an error; for -f, --kubeconfig and --master.")
    var strict = false

    /// Whether the running program is asked.
    var isRunningProgram: Bool { source.paths.isEmpty && !source.readsCluster }

    /// Reads manifests or the cluster, and reports everything that is wrong with them.
    ///
    /// - Parameter family: the only family that matters; `nil` for both.
    /// - Returns: the input, and whether it has all objects. An invalid object of a cluster is left out: most often it is
    ///   none of those that a comparison is about. One in a file is an error of who runs the command.
    func read(
        _ node: NodeOptions, _ jumps: JumpOptions, family: IPFamily?, emptiness: InputOptions.Emptiness = .allowed
    ) async throws -> (input: CompilerInput, isWhole: Bool) {
        guard source.paths.isEmpty else {
            var input = InputOptions()
            input.paths = source.paths
            input.strict = strict
            let compiled = try CompilerInput(
                input, node, jumps, interfaces: .ofThisMachine, family: family, emptiness: emptiness)
            return (compiled, true)
        }
        return try await CompilerInput.readCluster(source, node, jumps, family: family, strict: strict)
    }
}

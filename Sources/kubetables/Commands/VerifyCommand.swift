// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForeignRules
import KernelTables
import NetworkTypes
import ProxyConfiguration
import RuleCompiler

/// `kubetables verify`: compares the kernel with what is desired.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Report drift between the kernel and the manifests.",
        discussion: """
            Lists our rules that are missing, unexpected or out of order, and foreign rules ahead of our jumps, which see \
            packets first, with what of which Services they can take. Exit code 0: no drift; 2: drift or, with --fail-on \
            foreign, foreign rules that can take packets to Services. With --repair the drift is repaired as apply does, \
            with the same care for Services that are not in the input, and drift does not count for the exit code.
            """)

    @OptionGroup var input: InputOptions

    @Option(help: "The IP family of the rules. (default: those of the Services and of the node's addresses)")
    var ipFamily: IPFamily?

    @Flag(help: "Repair the drift.")
    var repair = false

    @Option(help: "Also exit with 2 if foreign rules can take packets to Services before our jumps.")
    var failOn: VerifyFailure?

    @OptionGroup var jumps: JumpOptions
    @OptionGroup var removal: RemovalOptions
    @OptionGroup(title: "Kernel Options") var kernel: KernelOptions
    @OptionGroup(title: "Node Options") var node: NodeOptions

    func run() throws {
        let compilerInput = try CompilerInput(
            input, node, jumps, interfaces: .ofThisMachine, family: ipFamily,
            emptiness: repair ? removal.emptiness : .allowed)
        let backend = kernel.backend(compilerInput)
        var drifted: [IPFamily] = []
        var hasForeignRules = false
        let comparing = Result {
            try forEachFamily(compilerInput.families(ipFamily)) { family in
                let compilation = compilerInput.compile(family)
                let judged = try JudgedPlan(
                    compilation.ruleset, of: compilation, localAddresses: compilerInput.settings.interfaceAddresses,
                    backend)
                if !judged.plan.isEmpty { drifted.append(family) }
                if !judged.foreign.takingRules.isEmpty { hasForeignRules = true }
                try VerificationPrinter.print(judged)
            }
        }
        if repair, !drifted.isEmpty {
            try ApplyCommand.apply(compilerInput, drifted, backend, removal, paths: input.paths)
        }
        try comparing.get()
        if !drifted.isEmpty, !repair { throw ExitCode.changesFound }
        if hasForeignRules, failOn == .foreign { throw ExitCode.changesFound }
    }
}

/// What makes `verify` fail besides drift.
enum VerifyFailure: String, ExpressibleByArgument, CaseIterable {
    /// Foreign rules that can take packets to Services before our jumps.
    case foreign
}

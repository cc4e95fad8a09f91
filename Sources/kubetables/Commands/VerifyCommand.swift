// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
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
            packets first. Exit code 0: no drift; 2: drift. With --repair the drift is repaired as apply does, with \
            the same care for Services that are not in the input, and the exit code is 0.
            """)

    @OptionGroup var input: InputOptions

    @Option(help: "The IP family of the rules. (default: those of the Services and of the node's addresses)")
    var ipFamily: IPFamily?

    @Flag(help: "Repair the drift.")
    var repair = false

    @OptionGroup var removal: RemovalOptions
    @OptionGroup(title: "Kernel Options") var kernel: KernelOptions
    @OptionGroup(title: "Node Options") var node: NodeOptions

    func run() throws {
        let compilerInput = try CompilerInput(
            input, node, interfaces: .ofThisMachine, family: ipFamily, emptiness: repair ? removal.emptiness : .allowed)
        var drifted: [IPFamily] = []
        let comparing = Result {
            try forEachFamily(compilerInput.families(ipFamily)) { family in
                let plan = try kernel.backend.plan(compilerInput.compile(family).ruleset)
                if !plan.isEmpty { drifted.append(family) }
                try VerificationPrinter.print(plan)
            }
        }
        if repair, !drifted.isEmpty {
            try ApplyCommand.apply(compilerInput, drifted, kernel.backend, removal, paths: input.paths)
        }
        try comparing.get()
        if !drifted.isEmpty, !repair { throw ExitCode.changesFound }
    }
}

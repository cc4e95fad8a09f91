// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Host
import KernelTables
import NetworkTypes
import Proxy
import ProxyConfiguration
import RuleCompiler

/// `kubetables plan`: shows what `apply` would do.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what apply would change in the kernel, without changing it.",
        discussion: """
            Prints how many rules change, then a line for each service port that does, and with --rules its rules. \
            Foreign rules that can take packets to Services before our jumps are named, too; they are no changes. Exit code \
            0: the kernel is in sync; 2: there are changes. The lock is not taken: the kernel returns each \
            table as it is at one moment.
            """)

    @OptionGroup var input: InputOptions

    @Option(help: "The IP family of the rules. (default: those of the Services and of the node's addresses)")
    var ipFamily: IPFamily?

    @Option(help: "text for people, json for programs.")
    var output = PlanFormat.text

    @OptionGroup var content: PlanContent
    @OptionGroup var jumps: JumpOptions
    @OptionGroup(title: "Node Options") var node: NodeOptions

    func run() throws {
        let compilerInput = try CompilerInput(input, node, jumps, interfaces: .ofThisMachine, family: ipFamily)
        try Self.show(compilerInput, compilerInput.families(ipFamily), PlanPrinter(format: output, content: content))
    }

    /// Prints what `apply` would change.
    ///
    /// - Throws: `ExitCode.changesFound` if it would change anything.
    static func show(_ input: CompilerInput, _ families: [IPFamily], _ printer: PlanPrinter) throws {
        input.reportSkippedServices(families)
        var plans: [JudgedPlan] = []
        var backend = KernelOptions.readOnlyBackend
        backend.keepsJumpsFirst = input.keepsJumpsFirst
        try forEachFamily(families) { family in
            let compilation = input.compile(family)
            Console.warn(HostCheck(LinuxHost()).warnings(family, compilation.servicePorts))
            plans.append(
                try JudgedPlan(
                    compilation.ruleset, of: compilation, localAddresses: input.settings.interfaceAddresses, backend))
        }
        try printer.print(plans)
        if plans.contains(where: { !$0.plan.isEmpty }) { throw ExitCode.changesFound }
    }
}

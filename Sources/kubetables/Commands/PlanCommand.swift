// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Host
import KernelTables
import NetworkTypes
import Proxy
import ProxyConfiguration
import RuleCompiler

/// `kubetables plan`: shows what `apply` would do.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what apply would change in the kernel, without changing it.",
        discussion: """
            Compares the kernel with the desired rules of the running program or, with -f or --kubeconfig, with those for \
            manifests or a cluster. Prints how many rules change, then a line for each service port that does, and with \
            --rules its rules. \
            Foreign rules that can take packets to Services before our jumps are named, too; they are no changes. Exit code \
            0: the kernel is in sync; 2: there are changes. The lock is not taken: the kernel returns each \
            table as it is at one moment.

            Examples: kubetables plan -f myapp/ --rules
                      kubetables plan -n shop
            """)

    @Option(help: "The IP family of the rules. (default: those of the Services and of the node's addresses)")
    var ipFamily: IPFamily?

    @Option(help: "text for people, json for programs.")
    var output = PlanFormat.text

    @OptionGroup var content: PlanContent
    @OptionGroup(title: "Source Options") var source: ComparedSourceOptions
    @OptionGroup var jumps: JumpOptions
    @OptionGroup(title: "Node Options (for -f and --kubeconfig)") var node: NodeOptions

    func run() async throws {
        if source.isRunningProgram {
            var inquiry = PlanInquiry(
                printedOn: .standardOutput, lineLimit: PlanPrinter.standardOutputLimit)
            inquiry.format = output
            inquiry.content = content
            inquiry.family = ipFamily
            return try await RunningProgram(source.source.running).print(inquiry)
        }
        let (input, isWhole) = try await source.read(node, jumps, family: ipFamily)
        try Self.show(
            input, input.families(ipFamily), PlanPrinter(format: output, content: content), isWhole: isWhole)
    }

    /// Prints what `apply` would change.
    ///
    /// - Parameter isWhole: whether the input has all objects.
    /// - Throws: `ExitCode.changesFound` if it would change anything, `ExitCode.badInput` if objects were left out.
    static func show(
        _ input: CompilerInput, _ families: [IPFamily], _ printer: PlanPrinter, isWhole: Bool = true
    ) throws {
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
        guard isWhole else { throw ExitCode.badInput }
        if plans.contains(where: { !$0.plan.isEmpty }) { throw ExitCode.changesFound }
    }
}

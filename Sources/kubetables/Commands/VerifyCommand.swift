// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ForeignRules
import KernelTables
import NetworkTypes
import ProxyConfiguration
import RuleCompiler

/// `kubetables verify`: compares the kernel with what is desired.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Report drift between the kernel and the desired rules.",
        discussion: """
            Compares the kernel with the desired rules of the running program or, with -f or --kubeconfig, with those for \
            manifests or a cluster. Prints how many of our rules are missing, unexpected or out of order, then a line for \
            each service port that they belong to, and with --rules the rules; then foreign rules ahead of our jumps, which \
            see packets first, with what of which Services they can take. Exit code 0: no drift; 2: drift or, with --fail-on \
            foreign, foreign rules that can take packets to Services. With --repair the drift is repaired as apply does, \
            with the same care for Services that are not in the input, and drift does not count for the exit code; the \
            running program repairs drift by itself.

            Examples: kubetables verify
                      kubetables verify -f myapp/ --rules
            """)

    @Option(help: "The IP family of the rules. (default: those of the Services and of the node's addresses)")
    var ipFamily: IPFamily?

    @Flag(help: "Repair the drift; for -f, --kubeconfig and --master.")
    var repair = false

    @Option(help: "Also exit with 2 if foreign rules can take packets to Services before our jumps.")
    var failOn: VerifyFailure?

    @OptionGroup var content: PlanContent
    @OptionGroup(title: "Source Options") var source: ComparedSourceOptions
    @OptionGroup var jumps: JumpOptions
    @OptionGroup var removal: RemovalOptions
    @OptionGroup(title: "Kernel Options") var kernel: KernelOptions
    @OptionGroup(title: "Node Options (for -f and --kubeconfig)") var node: NodeOptions

    func validate() throws {
        if repair, source.isRunningProgram {
            throw ValidationError(
                "--repair needs -f, --kubeconfig or --master: the running program repairs drift by itself")
        }
    }

    func run() async throws {
        guard !source.isRunningProgram else {
            var inquiry = PlanInquiry(printedOn: .standardOutput, lineLimit: PlanPrinter.standardOutputLimit)
            inquiry.wording = .drift
            inquiry.content = content
            inquiry.family = ipFamily
            inquiry.failsOnForeignRules = failOn == .foreign
            return try await RunningProgram(source.source.running).print(inquiry)
        }
        let (input, isWhole) = try await source.read(
            node, jumps, family: ipFamily, emptiness: repair ? removal.emptiness : .allowed)
        try compare(input, isWhole: isWhole)
    }

    /// Prints the drift, and repairs it if that was asked for and no object was left out.
    private func compare(_ input: CompilerInput, isWhole: Bool) throws {
        let backend = kernel.backend(input)
        let printer = PlanPrinter(format: .text, content: content, wording: .drift)
        var drifted: [IPFamily] = []
        var hasForeignRules = false
        let comparing = Result {
            try forEachFamily(input.families(ipFamily)) { family in
                let compilation = input.compile(family)
                let judged = try JudgedPlan(
                    compilation.ruleset, of: compilation, localAddresses: input.settings.interfaceAddresses, backend)
                if !judged.plan.isEmpty { drifted.append(family) }
                if !judged.foreign.takingRules.isEmpty { hasForeignRules = true }
                try printer.print([judged])
            }
        }
        guard isWhole else {
            if repair { Console.error("nothing was repaired: some objects cannot be used") }
            throw ExitCode.badInput
        }
        if repair, !drifted.isEmpty {
            try ApplyCommand.apply(input, drifted, backend, removal, paths: source.source.paths)
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

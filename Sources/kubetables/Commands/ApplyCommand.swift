// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ConnectionTracking
import ForeignRules
import Host
import KernelTables
import KubernetesObjects
import NetworkTypes
import Proxy
import ProxyConfiguration
import RuleCompiler
import XTables

/// `kubetables apply`: brings the kernel in sync with manifests.
struct ApplyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Apply the rules for these manifests to the kernel.",
        discussion: """
            The input is the whole desired state. Services that are in force and not in the input are removed with \
            --prune, or after a question on a terminal; otherwise nothing is changed. Each table is changed in one commit, \
            under the xtables lock; chains of other programs, and their rules in built-in chains, stay as they are. \
            Nothing is committed if the kernel is in sync. Flows that the rules would pass by are deleted afterwards: UDP \
            flows whose endpoint is gone, and flows that began while rules were missing. Needs the capabilities \
            CAP_NET_ADMIN and CAP_NET_RAW.

            Example: kubetables apply -f redis.yaml -f myapp/ --cluster-cidr 10.244.0.0/16
            """)

    @OptionGroup var input: InputOptions

    @Option(help: "The IP family of the rules. (default: those of the Services and of the node's addresses)")
    var ipFamily: IPFamily?

    @OptionGroup var removal: RemovalOptions

    @Flag(help: "Show what would be changed, as plan does, and change nothing.")
    var dryRun = false

    @OptionGroup var jumps: JumpOptions
    @OptionGroup(title: "Kernel Options") var kernel: KernelOptions
    @OptionGroup(title: "Node Options") var node: NodeOptions

    func run() throws {
        let compilerInput = try CompilerInput(
            input, node, jumps, interfaces: .ofThisMachine, family: ipFamily, emptiness: removal.emptiness)
        let families = compilerInput.families(ipFamily)
        if dryRun {
            return try PlanCommand.show(compilerInput, families, PlanPrinter(format: .text, content: .headlines))
        }
        compilerInput.reportSkippedServices(families)
        try Self.apply(compilerInput, families, kernel.backend(compilerInput), removal, paths: input.paths)
    }

    /// Applies the rules of some families, unless that would remove Services that must stay.
    ///
    /// All families are compared before any is changed.
    ///
    /// - Parameter paths: those of the input.
    static func apply(
        _ input: CompilerInput, _ families: [IPFamily], _ backend: any RuleBackend, _ removal: RemovalOptions,
        paths: [String]
    ) throws {
        let clock = ContinuousClock()
        var compared: [Compared] = []
        var removed = RemovedServices(input)
        let comparing = Result {
            try forEachFamily(families) { family in
                let start = clock.now
                let compilation = input.compile(family)
                let time = clock.now - start
                try removed.add(compilation, backend)
                compared.append(Compared(family: family, compilation: compilation, compileTime: time))
            }
        }
        try removal.confirmRemoval(of: removed.names, input: paths)
        try forEachFamily(compared.map(\.family)) { family in
            for index in compared.indices where compared[index].family == family {
                try apply(input, &compared[index], backend, formerFrontEnds: removed.udpFrontEnds(family))
            }
        }
        try comparing.get()
    }

    /// Names the foreign rules that can take packets to Services although our rules are in place.
    private static func warnOfForeignRules(_ report: SyncReport, _ input: CompilerInput) {
        guard report.rulesAhead.contains(where: { !$0.entrances.isEmpty }) else { return }
        let check = ForeignRuleCheck(
            input.compile(report.family), localAddresses: input.settings.interfaceAddresses)
        Console.warn(check.findings(report.rulesAhead).takingRules.map { $0.line(report.family) })
    }

    /// The rules of a family that were compared with the kernel.
    private struct Compared {
        let family: IPFamily
        var compilation: Compilation?
        let compileTime: Duration
    }

    /// Applies the rules of one family and prints what was done.
    private static func apply(
        _ input: CompilerInput, _ compared: inout Compared, _ backend: any RuleBackend,
        formerFrontEnds: Set<UDPFrontEnd>
    ) throws {
        let family = compared.family
        Console.warn(HostCheck(LinuxHost()).warnings(family, compared.compilation?.servicePorts ?? []))
        let cleanup = compared.compilation.map { FlowCleanup($0, formerFrontEnds: formerFrontEnds) }
        // Given away, so that the rules and libiptc's copy of them are not in memory together.
        let report = try backend.apply(without: [], expecting: nil) {
            (compared.compilation.take() ?? input.compile(family)).ruleset
        }
        let summary = SyncSummary(report)
        Console.warn(summary.warnings)
        for line in summary.lines { try Console.printLine(line) }
        warnOfForeignRules(report, input)
        Console.note("\(family.kubernetesName) took: \(summary.timing(compile: compared.compileTime))")
        // Also if nothing was committed: the command before this one may have ended in between.
        cleanup?.run()
        // Some rules of the manifests are not in force; the warnings name them.
        guard report.unsupported.isEmpty else { throw ExitCode.refusedByKernel }
    }
}

// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Host
import KernelTables
import NetworkTypes
import Proxy
import RuleCompiler
import XTables

/// `kubetables cleanup`: removes the rules of kubetables, and of kube-proxy, which has the same.
struct CleanupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cleanup",
        abstract: "Remove the chains and jumps of kubetables and kube-proxy from the kernel.",
        discussion: """
            The chains of both have the same names. Each table is changed in one commit. KUBE-FIREWALL stays with its \
            jumps, because the kubelet uses it too, and so do kernel parameters. Refused while a kubetables or kube-proxy \
            runs in this network namespace, which would make the rules again.

            Exit code 2: --dry-run found something to remove.
            """)

    @Option(help: "The IP family to clean up. (default: both)")
    var ipFamily: IPFamily?

    @Flag(help: "Show what would be removed, and change nothing.")
    var dryRun = false

    @Flag(help: "Remove the rules even while a kubetables or kube-proxy runs.")
    var force = false

    @OptionGroup(title: "Kernel Options") var kernel: KernelOptions
    @OptionGroup var owner: OwnerOptions

    private var families: [IPFamily] { ipFamily.map { [$0] } ?? IPFamily.allCases }

    func run() throws {
        if dryRun { return try show() }
        if !force, let proxy = owner.runningProxies(LinuxHost()).first {
            throw Console.failure(
                "\(proxy) and would make the rules again; nothing was removed: stop it first, or pass --force",
                .anotherProcess)
        }
        try Self.cleanUp(families, kernel.backend)
    }

    private func show() throws {
        var plans: [SyncPlan] = []
        try forEachFamily(families) { family in plans.append(try kernel.backend.cleanupPlan(family)) }
        try PlanPrinter(format: .text, content: .everything).print(plans.map { JudgedPlan(removingAll: $0) })
        if plans.contains(where: { !$0.isEmpty }) { throw ExitCode.changesFound }
    }

    /// Removes the rules of some families and prints what was done.
    static func cleanUp(_ families: [IPFamily], _ backend: any RuleBackend) throws {
        try forEachFamily(families) { family in
            let report = try backend.cleanup(family)
            let summary = SyncSummary(report)
            Console.warn(summary.warnings)
            let isClean = !report.hasChanges
            let lines = isClean ? ["\(family.kubernetesName): nothing to remove, nothing committed"] : summary.lines
            for line in lines { try Console.printLine(line) }
            for chain in sharedChains(family, backend) {
                Console.note("\(family.kubernetesName): the chain \(chain) stays, because the kubelet uses it too")
            }
        }
    }

    /// The chains in the kernel that we share with another program, which cleanup leaves alone.
    private static func sharedChains(_ family: IPFamily, _ backend: any RuleBackend) -> [ChainName] {
        RuleLayoutKind.tables.flatMap { table -> [ChainName] in
            guard let shared = RuleLayoutKind.ownership.entries[table]?.shared, !shared.isEmpty else { return [] }
            let content = try? backend.read(table, family: family)
            return (content?.chains ?? []).map(\.name).filter { shared.contains($0) }
        }
    }
}

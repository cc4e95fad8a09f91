import ArgumentParser
import KernelTables
import NetworkTypes
import Proxy

/// `kubetables cleanup`: removes the rules of kubetables.
struct CleanupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cleanup",
        abstract: "Remove all chains and jumps of kubetables from the kernel, and nothing else.",
        discussion: """
            Each table is changed in one commit. Rules that kube-proxy left behind are removed as well, since they have \
            the same names. The chain that the kubelet has too stays.
            """)

    @Option(help: "The IP family to clean up. (default: both)")
    var ipFamily: IPFamily?

    @OptionGroup(title: "Kernel Options") var kernel: KernelOptions

    func run() throws { try Self.cleanUp(ipFamily.map { [$0] } ?? IPFamily.allCases, kernel.syncer) }

    /// Removes the rules of some families and prints what was done.
    static func cleanUp(_ families: [IPFamily], _ syncer: Syncer) throws {
        try forEachFamily(families) { family in
            let report = try syncer.cleanup(family)
            let summary = SyncSummary(report)
            Console.warn(summary.warnings)
            let isClean = !report.hasChanges
            let lines = isClean ? ["\(family.kubernetesName): nothing to remove, nothing committed"] : summary.lines
            for line in lines { try Console.printLine(line) }
        }
    }
}

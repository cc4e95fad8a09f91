import ArgumentParser
import KernelTables
import NetworkTypes
import Proxy

/// `kubetables cleanup`: removes everything kubetables made.
struct CleanupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cleanup",
        abstract: "Remove all chains and jumps that kubetables made from the kernel, and nothing else.",
        discussion: """
            Each table is changed in one commit. The chain KUBE-FIREWALL stays: kubelet has it too. What kube-proxy left \
            is removed as well, since it has the same names.
            """)

    @Option(help: "The IP family to clean up. (default: both)")
    var ipFamily: IPFamily?

    @OptionGroup(title: "Kernel Options") var kernel: KernelOptions

    func run() throws { try Self.cleanUp(ipFamily.map { [$0] } ?? IPFamily.allCases, kernel.syncer) }

    /// Removes everything of ours from the tables of some families, and says what was done.
    static func cleanUp(_ families: [IPFamily], _ syncer: Syncer) throws {
        try forEachFamily(families) { family in
            let report = try syncer.cleanup(family)
            let summary = SyncSummary(report)
            Console.warn(summary.warnings)
            let isClean = !report.hasChanges
            let lines = isClean ? ["\(family.kubernetesName): nothing of ours found, nothing committed"] : summary.lines
            for line in lines { try Console.printLine(line) }
        }
    }
}

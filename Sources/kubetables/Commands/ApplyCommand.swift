import ArgumentParser
import KernelTables
import KubernetesObjects
import NetworkTypes
import Proxy
import RuleCompiler
import XTables

/// `kubetables apply`: brings the kernel in step with manifests.
struct ApplyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Commit the rules that manifests mean to the kernel.",
        discussion: """
            Each table is changed in one commit, under the xtables lock; rules and chains of others stay as they are. \
            Nothing is committed if the kernel is in step already. Rules of Services that are not in the input are \
            removed. Needs the capabilities CAP_NET_ADMIN and CAP_NET_RAW.

            Example: kubetables apply -f redis.yaml -f myapp/ --cluster-cidr 10.244.0.0/16
            """)

    @OptionGroup var input: InputOptions

    @Option(help: "The IP family to make rules for. (default: those of the Services and of the node's addresses)")
    var ipFamily: IPFamily?

    @OptionGroup(title: "Kernel Options") var kernel: KernelOptions
    @OptionGroup(title: "Node Options") var node: NodeOptions

    func run() throws {
        let job = try Job(input: input, node: node, interfaces: .host)
        let families = job.families(only: ipFamily)
        job.reportSkippedServices(families)
        try forEachFamily(families) { family in try Self.apply(job, family, kernel.syncer) }
    }

    /// Applies one family and says what was done.
    static func apply(_ job: Job, _ family: IPFamily, _ syncer: Syncer) throws {
        let clock = ContinuousClock()
        let start = clock.now
        var compilation: Compilation? = job.compile(family)
        let compileTime = clock.now - start

        Console.warn(Surroundings.warnings(family, compilation?.servicePorts ?? []))
        // Given away, so that rules and libiptc's copy of them are not in memory together.
        let report = try syncer.apply { (compilation.take() ?? job.compile(family)).ruleset }
        let summary = SyncSummary(report)
        Console.warn(summary.warnings)
        for line in summary.lines { try Console.printLine(line) }
        Console.say("note: \(family.kubernetesName) took: \(summary.timing(compile: compileTime))")
        // What is in force is less than what the manifests ask for, as the warnings name it.
        guard report.unsupported.isEmpty else { throw ExitCode.refusedByKernel }
    }
}

import ArgumentParser
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
            The input is the whole desired state: rules of Services that are not in it are removed. Each table is changed \
            in one commit, under the xtables lock; foreign rules and chains stay as they are. Nothing is committed if the \
            kernel is in sync. Needs the capabilities CAP_NET_ADMIN and CAP_NET_RAW.

            Example: kubetables apply -f redis.yaml -f myapp/ --cluster-cidr 10.244.0.0/16
            """)

    @OptionGroup var input: InputOptions

    @Option(help: "The IP family of the rules. (default: those of the Services and of the node's addresses)")
    var ipFamily: IPFamily?

    @OptionGroup(title: "Kernel Options") var kernel: KernelOptions
    @OptionGroup(title: "Node Options") var node: NodeOptions

    func run() throws {
        let compilerInput = try CompilerInput(input, node, interfaces: .ofThisMachine)
        let families = compilerInput.families(ipFamily)
        compilerInput.reportSkippedServices(families)
        try forEachFamily(families) { family in try Self.apply(compilerInput, family, kernel.syncer) }
    }

    /// Applies the rules of one family and prints what was done.
    static func apply(_ input: CompilerInput, _ family: IPFamily, _ syncer: Syncer) throws {
        let clock = ContinuousClock()
        let start = clock.now
        var compilation: Compilation? = input.compile(family)
        let compileTime = clock.now - start

        Console.warn(HostCheck(LinuxHost()).warnings(family, compilation?.servicePorts ?? []))
        // Given away, so that the rules and libiptc's copy of them are not in memory together.
        let report = try syncer.apply { (compilation.take() ?? input.compile(family)).ruleset }
        let summary = SyncSummary(report)
        Console.warn(summary.warnings)
        for line in summary.lines { try Console.printLine(line) }
        Console.note("\(family.kubernetesName) took: \(summary.timing(compile: compileTime))")
        // Some rules of the manifests are not in force; the warnings name them.
        guard report.unsupported.isEmpty else { throw ExitCode.refusedByKernel }
    }
}

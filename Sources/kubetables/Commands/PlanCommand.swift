import ArgumentParser
import KernelTables
import NetworkTypes
import Proxy
import RuleCompiler

/// `kubetables plan`: shows what `apply` would do.
struct PlanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what apply would change in the kernel, and change nothing.",
        discussion: """
            Exit code 0: the kernel is in step; 2: there are changes. The lock is not taken: the kernel hands out each \
            table as it is at one moment.
            """)

    @OptionGroup var input: InputOptions

    @Option(help: "The IP family to make rules for. (default: those of the Services and of the node's addresses)")
    var ipFamily: IPFamily?

    @Option(help: "text for people, json for programs.")
    var output = PlanFormat.text

    @OptionGroup(title: "Node Options") var node: NodeOptions

    func run() throws {
        let job = try Job(input: input, node: node, interfaces: .host)
        let families = job.families(only: ipFamily)
        job.reportSkippedServices(families)
        var plans: [SyncPlan] = []
        try forEachFamily(families) { family in
            let compilation = job.compile(family)
            Console.warn(Surroundings.warnings(family, compilation.servicePorts))
            plans.append(try Syncer(lock: nil).plan(compilation.ruleset))
        }
        try PlanPrinter(format: output).print(plans)
        if plans.contains(where: { !$0.isEmpty }) { throw ExitCode.changesFound }
    }
}

/// How a plan is printed.
enum PlanFormat: String, ExpressibleByArgument, CaseIterable {
    /// A difference per table and chain, for people.
    case text
    /// The plans of all families as a JSON array, for programs.
    case json
}

import ArgumentParser
import KernelTables
import NetworkTypes
import RuleCompiler

/// `kubetables verify`: compares the kernel with what is desired.
struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Name every rule in the kernel that has drifted from what manifests mean.",
        discussion: """
            Names missing, surplus and misplaced rules of ours, and rules of others that stand before our jumps, so that \
            packets meet them first. Exit code 0: no drift; 2: drift. With --repair the drift is mended as apply does, \
            and the exit code is 0.
            """)

    @OptionGroup var input: InputOptions

    @Option(help: "The IP family to make rules for. (default: those of the Services and of the node's addresses)")
    var ipFamily: IPFamily?

    @Flag(help: "Mend what has drifted.")
    var repair = false

    @OptionGroup(title: "Kernel Options") var kernel: KernelOptions
    @OptionGroup(title: "Node Options") var node: NodeOptions

    func run() throws {
        let job = try Job(input: input, node: node, interfaces: .host)
        let families = job.families(only: ipFamily)
        var hasDrift = false
        try forEachFamily(families) { family in
            let plan = try kernel.syncer.plan(job.compile(family).ruleset)
            hasDrift = hasDrift || !plan.isEmpty
            try Self.printDrift(plan)
            if repair, !plan.isEmpty { try ApplyCommand.apply(job, family, kernel.syncer) }
        }
        if hasDrift, !repair { throw ExitCode.changesFound }
    }

    private static func printDrift(_ plan: SyncPlan) throws {
        let family = plan.family.kubernetesName
        for table in plan.tables {
            let place = "\(family) \(table.table)"
            for foreign in table.precedingForeignRules {
                try Console.printLine(
                    "\(place): rule \(foreign.position) of \(foreign.chain) is not ours and sees packets before our "
                        + "jumps: \(foreign.text)")
            }
            for chain in table.chains {
                if let word = word(chain.kind) { try Console.printLine("\(place): chain \(chain.chain) \(word)") }
                for rule in chain.rules { try Console.printLine("\(place): \(word(rule.kind)): \(rule.text)") }
            }
        }
        if plan.isEmpty { try Console.printLine("\(family): no drift") }
    }

    private static func word(_ kind: ChainPlan.Kind) -> String? {
        switch kind {
        case .created: "is missing"
        case .changed: nil
        case .deleted, .emptied: "should not be there"
        }
    }

    private static func word(_ kind: RuleChange.Kind) -> String {
        switch kind {
        case .added: "missing"
        case .removed: "should not be there"
        case .moved: "stands at the wrong place"
        }
    }
}

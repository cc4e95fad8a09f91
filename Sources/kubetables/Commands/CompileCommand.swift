import ArgumentParser
import NetworkTypes
import RuleCompiler
import XTables

/// `kubetables compile`: prints rules, touches nothing.
struct CompileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compile",
        abstract: "Print the rules that manifests mean, as iptables-save would print them afterwards.",
        discussion: """
            Needs neither root nor a kernel with iptables, and gives the same bytes on every machine for the same input \
            and options.

            Example: kubetables compile -f redis.yaml -f myapp/ --hostname-override node-1 --cluster-cidr 10.244.0.0/16
            """)

    @OptionGroup var input: InputOptions

    @Option(help: "The IP family to make rules for.")
    var ipFamily = IPFamily.ipv4

    @Option(
        help: ArgumentHelp(
            "What to print.",
            discussion: """
                save: what iptables-save prints. restore: input for iptables-restore --noflush; it inserts the jumps each \
                time it is loaded, so load it once.
                """))
    var format = RulesetTextFormat.save

    @Flag(help: "Say on standard error which endpoints each service port uses, and why not the others.")
    var explain = false

    @OptionGroup(title: "Node Options") var node: NodeOptions

    func run() throws {
        let job = try Job(input: input, node: node, interfaces: .node)
        let compilation = job.compile(ipFamily)
        job.reportSkippedServices([ipFamily])
        if explain { Explanation.print(compilation) }
        try compilation.ruleset.writeText(format) { try Console.write($0) }
    }
}

extension RulesetTextFormat: ExpressibleByArgument {}

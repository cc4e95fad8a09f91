// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import NetworkTypes
import ProxyConfiguration
import RuleCompiler
import XTables

/// `kubetables compile`: prints rules, touches no kernel.
struct CompileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compile",
        abstract: "Print the rules for these manifests, as iptables-save would print them.",
        discussion: """
            Needs neither root nor a kernel with iptables, and prints the same bytes on every machine for the same input \
            and options.

            Example: kubetables compile -f redis.yaml -f myapp/ --hostname-override node-1 --cluster-cidr 10.244.0.0/16
            """)

    @OptionGroup var input: InputOptions

    @Option(help: "The IP family of the rules.")
    var ipFamily = IPFamily.ipv4

    @Option(
        help: ArgumentHelp(
            "The format of the output.",
            discussion: """
                save: the output of iptables-save. restore: input for iptables-restore --noflush; each time it is loaded \
                it inserts the jumps again, so load it once.
                """))
    var format = RulesetTextFormat.save

    @Flag(help: "Print to standard error which endpoints each service port uses, and why not the others.")
    var explain = false

    @OptionGroup(title: "Node Options") var node: NodeOptions

    func run() throws {
        let compilerInput = try CompilerInput(input, node, interfaces: .ofNode)
        let compilation = compilerInput.compile(ipFamily)
        compilerInput.reportSkippedServices([ipFamily])
        compilerInput.reportAssumedNode(ipFamily)
        if explain { SelectionPrinter.print(compilation) }
        try compilation.ruleset.writeText(format) { try Console.write($0) }
    }
}

extension RulesetTextFormat: ExpressibleByArgument {}

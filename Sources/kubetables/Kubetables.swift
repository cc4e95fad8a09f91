// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Proxy

/// The version of this program; everything else that names one is compared with it (VersionTests).
let kubetablesVersion = "0.2.0"

@main
enum Program {
    static func main() async {
        SignalWatch.collect()
        Memory.shareArena()
        let commandLine = CommandLineArguments(CommandLine.arguments)
        do {
            try commandLine.checkCommand()
            try commandLine.checkSource()
            var command = try await Kubetables.asyncParseAsRoot(commandLine.normalized)
            if !(command is RunCommand) { SignalWatch.release() }
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            commandLine.exit(error)
        }
    }
}

/// The command line: arguments in, text and exit codes out.
struct Kubetables: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubetables",
        abstract: "Compiles Kubernetes Services to iptables rules and keeps a node's kernel in sync with them.",
        discussion: """
            Exit codes: 0 success; 2 plan and verify found changes, or trace found that a \
            packet would be refused or dropped; 64 wrong usage; 65 bad input; 69 the kernel has no \
            legacy iptables, or no running kubetables answers; 70 the kernel refused the rules; 71 a port is already in use, or another kubetables or \
            kube-proxy runs; 74 output could not be written; 75 the xtables lock was busy; 77 not permitted.
            """,
        version: "kubetables \(kubetablesVersion) (kube-proxy 1.36 rules)",
        subcommands: [
            RunCommand.self, CompileCommand.self, PlanCommand.self, ApplyCommand.self, VerifyCommand.self,
            CleanupCommand.self, GetCommand.self, TopCommand.self, StatusCommand.self, ExplainCommand.self,
            TraceCommand.self, GraphCommand.self, EventsCommand.self,
        ])
}

import ArgumentParser

/// The version of this program.
let kubetablesVersion = "0.1.0"

/// Where the program begins.
@main
enum Program {
    static func main() async {
        await Kubetables.main(CommandLineArguments(CommandLine.arguments).ours)
    }
}

/// The command line: arguments in, text and exit codes out.
struct Kubetables: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubetables",
        abstract: "Compiles Kubernetes Services into iptables rules and keeps a node's kernel in step with them.",
        discussion: """
            Exit codes: 0 done; 2 plan and verify found changes; 64 wrong usage; 65 bad input; 69 the kernel has no legacy \
            iptables; 70 the kernel refused the rules; 71 run: a port is taken; 74 output could not be written; 75 the \
            xtables lock was not free in time; 77 not permitted.
            """,
        version: "kubetables \(kubetablesVersion) (kube-proxy 1.36 rules)",
        subcommands: [
            RunCommand.self, CompileCommand.self, PlanCommand.self, ApplyCommand.self, VerifyCommand.self,
            CleanupCommand.self,
        ])
}

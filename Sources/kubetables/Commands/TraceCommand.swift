// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Inspection
import Monitoring

/// `kubetables trace`: where a packet goes, and why.
struct TraceCommand: ReportCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Show where a packet goes: the rules on its way, the endpoints that can get it, and their shares.",
        discussion: """
            Follows a packet through the desired rules, with the addresses, routes, remembered clients and tracked flows of \
            this node as the running program reads them. With --live, through the rules that the kernel holds now, with all \
            foreign ones. With -f or --kubeconfig, this command follows it by itself; then nothing of the machine is read, \
            unless --live is passed, which needs root.

            Exit code 2: such packets, or some of them, would be refused or dropped.

            Examples: kubetables trace --from 192.168.50.20 --to 192.168.50.10:30080/tcp
                      kubetables trace --from 10.244.1.5:40000 --to 10.96.0.10:53/udp --live
                      kubetables trace --from 10.244.1.5 --to 10.96.0.10:80 -f myapp/ -o json
            """)

    @Option(
        help: ArgumentHelp("The source of the packet: an address, with a port or without.", valueName: "address[:port]")
    )
    var from: String

    @Option(
        help: ArgumentHelp(
            "The destination of the packet; /tcp, /udp or /sctp behind it is the protocol. (default: /tcp)",
            valueName: "address:port[/protocol]"))
    var to: String

    @Option(
        help: ArgumentHelp(
            "The interface that the packet comes in by. (default: that of the route to the source; none if the source is "
                + "an address of this node)", valueName: "name"))
    var inInterface: String?

    @Option(
        help: ArgumentHelp(
            "What connection tracking makes of the packet. (default: new)",
            valueName: "new|established|related|invalid"))
    var state: String?

    @Flag(help: "Follow the packet through the rules that the kernel holds now, with all foreign ones.")
    var live = false

    @OptionGroup var report: ReportOptions
    @OptionGroup(title: "Source Options") var source: InspectedSourceOptions
    @OptionGroup(title: "Node Options (for -f and --kubeconfig)") var node: NodeOptions

    func validate() throws {
        do throws(InquiryFailure) {
            try traceInquiry.check()
        } catch {
            throw ValidationError("\(error)")
        }
    }

    private var traceInquiry: TraceInquiry {
        TraceInquiry(from: from, to: to, interface: inInterface, state: state, isLive: live)
    }

    var inquiry: any Inquiry { traceInquiry }

    var machine: (any InspectedMachine)? { live ? KernelMachine(KernelOptions.readOnlyBackend) : nil }
}

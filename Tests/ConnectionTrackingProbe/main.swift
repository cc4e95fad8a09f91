// SPDX-License-Identifier: Apache-2.0

// Works on flows and kernel parameters in the network namespace it was started in:
// `ip netns exec NAME connection-tracking-probe …`.
//
// A namespace belongs to a thread and Swift tasks hop threads, so a test cannot enter one itself.
import ConnectionTracking
import Glibc
import KubernetesObjects
import NetworkTypes
import NodeTuning
import ServiceModel

let usage = """
    usage: connection-tracking-probe list FAMILY tcp|udp             prints each flow, and the number the kernel has for it
           connection-tracking-probe clean FAMILY [--node-port-addresses A,B] [--former MANIFEST] MANIFEST
                                                                     deletes stale flows
           connection-tracking-probe delete-outdated FAMILY          deletes all UDP flows by a wrong number
           connection-tracking-probe watch [--node-port-addresses A,B] [--timeout MILLISECONDS] [--delete yes] SECONDS MANIFEST
                                                                     prints what becomes of TCP connections
           connection-tracking-probe ask ADDRESS PORT SOURCE-PORT    sends a datagram and prints the answer
           connection-tracking-probe fill COUNT                      makes UDP flows to 10.96.0.10:53
           connection-tracking-probe tune [MAX-PER-CORE]             sets kernel parameters
    """

/// Ends the program with a message.
func fail(_ message: String) -> Never {
    print(message)
    exit(1)
}

/// Reads the service ports of a manifest.
func servicePorts(_ path: String, _ family: IPFamily) -> [ServicePortEndpoints] {
    var log = DiagnosticLog()
    let objects = ManifestReader.read(paths: [path], log: &log)
    guard !log.hasErrors else { fail("\(path): \(log.diagnostics)") }
    return objects.snapshot(family: family).servicePorts
}

/// Takes an option and its value out of the arguments.
func take(_ option: String, from arguments: inout [String]) -> String? {
    guard let index = arguments.firstIndex(of: option), index + 1 < arguments.count else { return nil }
    defer { arguments.removeSubrange(index...index + 1) }
    return arguments[index + 1]
}

func list(_ family: IPFamily, _ transport: TransportProtocol) throws {
    _ = try NetlinkFlowTable().visitFlows(family, [.all(transport)]) { flow in print("\(flow.identifier) \(flow)") }
}

func clean(_ family: IPFamily, _ arguments: [String]) throws {
    var arguments = arguments
    let addresses = take("--node-port-addresses", from: &arguments)?.split(separator: ",").compactMap { IPAddress($0) }
    let former = take("--former", from: &arguments).map { servicePorts($0, family).map(\.servicePort) }
    guard let manifest = arguments.first else { fail(usage) }
    let finder = StaleFlowFinder(
        servicePorts(manifest, family), former: former ?? [], nodePortAddresses: Set(addresses ?? []))
    let report = try StaleFlowCleanup().run(family, finder)
    print("deleted \(report.deletion.deleted) of \(report.examined)\(report.isComplete ? "" : ", incomplete")")
}

func deleteOutdated(_ family: IPFamily) throws {
    let table = NetlinkFlowTable()
    var flows: [Flow] = []
    _ = try table.visitFlows(family, [.all(.udp)]) { flow in
        var outdated = flow
        outdated.identifier &+= 1
        flows.append(outdated)
    }
    let deletion = try table.delete(flows, family)
    print("deleted \(deletion.deleted), gone \(deletion.gone), refused \(deletion.refused)")
}

func watch(_ arguments: [String]) throws {
    var arguments = arguments
    let addresses = take("--node-port-addresses", from: &arguments)?.split(separator: ",").compactMap { IPAddress($0) }
    let timeout = take("--timeout", from: &arguments).flatMap { Int($0) } ?? 900
    let deletes = take("--delete", from: &arguments) != nil
    guard arguments.count == 2, let seconds = Int(arguments[0]) else { fail(usage) }
    var log = DiagnosticLog()
    let objects = ManifestReader.read(paths: [arguments[1]], log: &log)
    var watcher = ConnectionWatcher(
        IPFamily.allCases.map { objects.snapshot(family: $0) }, nodePortAddresses: addresses ?? [],
        timeout: .milliseconds(timeout), deletes: deletes)
    try watcher.run(for: .seconds(seconds))
}

var arguments = Array(CommandLine.arguments.dropFirst())
guard !arguments.isEmpty else { fail(usage) }
let command = arguments.removeFirst()

do {
    switch command {
    case "list", "clean", "delete-outdated":
        guard let name = arguments.first, let family = IPFamily(rawValue: name) else { fail(usage) }
        arguments.removeFirst()
        switch command {
        case "list": try list(family, arguments.first.flatMap(TransportProtocol.init) ?? .udp)
        case "clean": try clean(family, arguments)
        default: try deleteOutdated(family)
        }
    case "watch": try watch(arguments)
    case "ask":
        guard arguments.count == 3, let address = IPAddress(arguments[0]), let port = UInt16(arguments[1]),
            let sourcePort = UInt16(arguments[2])
        else { fail(usage) }
        print(UDPClient.ask(address, port: port, from: sourcePort))
    case "fill":
        guard let count = arguments.first.flatMap({ UInt32($0) }) else { fail(usage) }
        try FlowMaker.fill(count)
    case "tune":
        let options = TuningOptions(
            maxPerCore: arguments.first.flatMap { Int($0) } ?? 0, minimum: 0, tcpEstablishedTimeout: .seconds(86_400),
            udpTimeout: .seconds(45), udpStreamTimeout: .seconds(180))
        for outcome in NodeTuning(processorCount: 1).apply(options) { print(outcome) }
    default:
        fail(usage)
    }
} catch {
    fail("\(error)")
}

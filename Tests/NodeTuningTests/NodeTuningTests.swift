// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import NodeTuning

/// A directory that imitates /proc/sys and /sys.
private final class Machine {
    let root = FileManager.default.temporaryDirectory.appending(path: "kt-tuning-\(UUID().uuidString)")

    init(_ values: [KernelParameter: String]) throws {
        for (parameter, text) in values {
            let file = root.appending(path: parameter.path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("\(text)\n".utf8).write(to: file)
        }
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    subscript(parameter: KernelParameter) -> String? {
        let data = try? Data(contentsOf: root.appending(path: parameter.path))
        return data.map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
    }

    func apply(_ options: TuningOptions, processorCount: Int = 8) -> [TuningOutcome] {
        NodeTuning(root: root.path, processorCount: processorCount).apply(options)
    }

    /// What Linux has by itself.
    static let defaults: [KernelParameter: String] = [
        .connectionLimit: "65536", .hashSize: "16384", .tcpEstablishedTimeout: "432000", .tcpCloseWaitTimeout: "60",
        .tcpBeLiberal: "0", .udpTimeout: "30", .udpStreamTimeout: "120", .routeLocalnet: "0",
    ]
}

@Suite struct NodeTuningTests {
    @Test func theDefaultsAreKubeProxys() throws {
        let machine = try Machine(Machine.defaults)
        let outcomes = machine.apply(TuningOptions())
        #expect(
            outcomes == [
                TuningOutcome(.connectionLimit, wanted: 262_144, previous: 65_536, .set),
                TuningOutcome(.hashSize, wanted: 65_536, previous: 16_384, .set),
                TuningOutcome(.tcpEstablishedTimeout, wanted: 86_400, previous: 432_000, .set),
                TuningOutcome(.tcpCloseWaitTimeout, wanted: 3_600, previous: 60, .set),
                TuningOutcome(.routeLocalnet, wanted: 1, previous: 0, .set),
            ])
        #expect(machine[.connectionLimit] == "262144")
        #expect(machine[.hashSize] == "65536")
        #expect(machine[.tcpEstablishedTimeout] == "86400")
        #expect(machine[.routeLocalnet] == "1")
        #expect(machine[.udpTimeout] == "30")
        #expect(machine[.tcpBeLiberal] == "0")

        #expect(machine.apply(TuningOptions()).allSatisfy { $0.result == .unchanged })
    }

    @Test func everythingElseIsSetOnDemand() throws {
        let machine = try Machine(Machine.defaults)
        let options = TuningOptions(
            maxPerCore: 0, tcpEstablishedTimeout: .zero, tcpCloseWaitTimeout: .milliseconds(999), tcpBeLiberal: true,
            udpTimeout: .milliseconds(45_900), udpStreamTimeout: .seconds(180), localhostNodePorts: false)
        #expect(machine.apply(options).map(\.parameter) == [.udpTimeout, .udpStreamTimeout, .tcpBeLiberal])
        #expect(machine[.udpTimeout] == "45")
        #expect(machine[.udpStreamTimeout] == "180")
        #expect(machine[.tcpBeLiberal] == "1")
        #expect(machine[.connectionLimit] == "65536")
        #expect(machine[.tcpCloseWaitTimeout] == "60")
    }

    @Test func theOutOfMemoryScoreIsTheProcesses() throws {
        let machine = try Machine([.outOfMemoryScore: "0"])
        let outcome = NodeTuning(root: machine.root.path).setOutOfMemoryScore(-998)
        #expect(outcome == TuningOutcome(.outOfMemoryScore, wanted: -998, previous: 0, .set))
        #expect(machine[.outOfMemoryScore] == "-998")
        #expect(outcome.description == "/proc/self/oom_score_adj: set to -998, was 0")
    }

    @Test func onlyWhatThisProcessShouldSetCanFail() {
        let results: [(TuningOutcome.Result, Bool)] = [
            (.unchanged, false), (.set, false), (.skipped(.shared), false), (.skipped(.limitNotReached), false),
            (.skipped(.readOnly), true), (.skipped(.notPermitted), true), (.skipped(.absent(provider: "x")), true),
            (.skipped(.unreadable("x")), true), (.skipped(.refused(.ioError)), true),
        ]
        for (result, isFailure) in results {
            #expect(TuningOutcome(.udpTimeout, wanted: 1, previous: nil, result).isFailure == isFailure)
        }
    }

    @Test(arguments: [
        (32_768, 131_072, 1, 131_072), (32_768, 131_072, 4, 131_072), (32_768, 131_072, 5, 163_840),
        (32_768, 131_072, 32, 1_048_576), (32_768, 131_072, 96, 1_048_576), (32_768, 0, 2, 65_536),
        (.max, 0, 2, 1_048_576),
    ])
    func theLimitIsScaledByProcessors(perCore: Int, minimum: Int, processors: Int, expected: Int) {
        #expect(TuningOptions(maxPerCore: perCore, minimum: minimum).maximum(processorCount: processors) == expected)
    }

    @Test func theLimitIsLoweredToo() throws {
        // As kube-proxy does: whatever differs is set. The hash table is never made smaller.
        let machine = try Machine(Machine.defaults.merging([.connectionLimit: "524288", .hashSize: "131072"]) { $1 })
        let outcomes = machine.apply(TuningOptions(), processorCount: 1)
        #expect(outcomes[0] == TuningOutcome(.connectionLimit, wanted: 131_072, previous: 524_288, .set))
        #expect(outcomes[1] == TuningOutcome(.hashSize, wanted: 32_768, previous: 131_072, .unchanged))
        #expect(machine[.hashSize] == "131072")
    }

    @Test func whatTheKernelDoesNotHaveIsSkipped() throws {
        let machine = try Machine([.routeLocalnet: "0", .tcpCloseWaitTimeout: "soon"])
        let outcomes = machine.apply(TuningOptions())
        let module = TuningOutcome.SkipReason.absent(provider: "the module nf_conntrack")
        #expect(
            outcomes.map(\.result) == [
                .skipped(module), .skipped(.limitNotReached), .skipped(module), .skipped(.unreadable("soon")), .set,
            ])
        #expect(
            outcomes[0].description
                == "net.netfilter.nf_conntrack_max: not set (wanted 262144): the kernel does not have it, the module nf_conntrack is not loaded"
        )
        #expect(machine[.connectionLimit] == nil)
        #expect(machine[.tcpCloseWaitTimeout] == "soon")
    }

    @Test func processorsAreCounted() {
        #expect(NodeTuning.onlineProcessorCount >= 1)
    }
}

/// The kernel's own parameters, in a network namespace made for it; the machine's are not touched.
@Suite(.needsKernel, .serialized) struct KernelTuningTests {
    private static let probe = Repository.products.appending(path: "connection-tracking-probe").path

    private func value(_ name: String, _ namespace: NetworkNamespace) throws -> String {
        try namespace.run("cat", "/proc/sys/net/\(name)").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test func timeoutsAndRouteLocalnetAreSetForANamespace() throws {
        let namespace = try NetworkNamespace()
        let output = try namespace.run(Self.probe, "tune")
        #expect(output.contains("net.ipv4.conf.all.route_localnet: set to 1, was 0\n"), "\(output)")
        #expect(try value("ipv4/conf/all/route_localnet", namespace) == "1")
        #expect(try value("netfilter/nf_conntrack_tcp_timeout_established", namespace) == "86400")
        #expect(try value("netfilter/nf_conntrack_tcp_timeout_close_wait", namespace) == "3600")
        #expect(try value("netfilter/nf_conntrack_udp_timeout", namespace) == "45")
        #expect(try value("netfilter/nf_conntrack_udp_timeout_stream", namespace) == "180")

        let again = try namespace.run(Self.probe, "tune")
        #expect(again.split(separator: "\n").allSatisfy { $0.contains(": already ") }, "\(again)")
    }

    @Test func theLimitBelongsToTheMachine() throws {
        let namespace = try NetworkNamespace()
        let file = "/proc/sys/net/netfilter/nf_conntrack_max"
        // What the test relies on, lest it change the machine's own limit.
        try #require(try namespace.run("stat", "-c", "%a", file) == "444\n")
        let before = try String(contentsOfFile: file, encoding: .utf8)
        let output = try namespace.run(Self.probe, "tune", "98765")
        #expect(output.contains("only the machine's first network namespace may set it"), "\(output)")
        #expect(output.contains("(wanted 24691): "), "\(output)")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == before)
    }

    @Test func readOnlyParametersAreSkipped() throws {
        let namespace = try NetworkNamespace()
        // `ip netns exec` gives the shell mounts of its own.
        let output = try namespace.run(
            "sh", "-euc",
            "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys; exec '\(Self.probe)' tune")
        let lines = output.split(separator: "\n")
        #expect(lines.count == 5)
        #expect(lines.allSatisfy { $0.contains("the file system is read-only") }, "\(output)")
        #expect(try value("netfilter/nf_conntrack_udp_timeout", namespace) == "30")
    }
}

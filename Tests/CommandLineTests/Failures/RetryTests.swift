// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import NetworkTypes
import TestSupport
import Testing

/// Real connections to a Service of which only one endpoint of three is alive.
@Suite("Connections when endpoints die", .needsKernel, .serialized) struct RetryTests {
    private static let cases = IPFamily.allCases.flatMap { family in ["kube-proxy", "flat"].map { (family, $0) } }

    @Test("with retry all succeed, from outside, from a pod and from the node", arguments: cases)
    func retry(family: IPFamily, layout: String) throws {
        let lab = try FailureLab(family)
        try lab.write(annotations: "kubetables.io/retry: \"true\"")
        try lab.run(layout)
        for client in FailureLab.Client.allCases { #expect(try lab.connect(client, 15).succeeded == 15) }
        // Longer than an endpoint that failed is avoided, so that some connections meet it again.
        let clients = try FailureLab.Client.allCases.map { client in
            (client, try lab.lab.start(client.rawValue, lab.connections(client, 200, 10, rate: 25)))
        }
        for (client, process) in clients {
            _ = try process.wait()
            let outcome = FailureLab.outcome(process.output)
            print(
                "\(family) \(layout) \(client): \(outcome.succeeded) of 200, slow \(outcome.slow), slowest \(outcome.slowest) s"
            )
            #expect(outcome.succeeded == 200)
            #expect(outcome.slowest <= 8)
        }
        #expect(try lab.metric("kubetables_endpoint_failures_total") >= 2, "\(lab.log)")
        #expect(try lab.metric("kubetables_connection_retries_total") >= 2)
        #expect(try lab.metric("kubetables_endpoint_ejections_total") == 0)
    }

    @Test("without retry about two thirds fail, and nothing follows connections")
    func without() throws {
        let lab = try FailureLab(.ipv4)
        try lab.write()
        try lab.run()
        let outcome = try lab.connect(.pod, 60, patience: 0.5)
        // 40 are expected; fewer than 25 or more than 55 happen once in ten thousand times.
        #expect((25...55).contains(outcome.failed), "\(outcome)")
        #expect(try lab.metric("kubetables_endpoint_failures_total") == 0)
    }

    @Test(
        "with ejection the dead endpoint is left out, and gets connections again when it lives",
        arguments: IPFamily.allCases)
    func ejection(family: IPFamily) throws {
        let lab = try FailureLab(family)
        try lab.write([.alive, .silent], annotations: "kubetables.io/outlier-ejection: \"true\"")
        try lab.run(
            "flat",
            [
                "--ejection-consecutive-failures", "2", "--ejection-base-time", "4s", "--ejection-max-time", "4s",
                "--retry-timeout", "300ms",
            ])
        let deadline = ContinuousClock.now + .seconds(30)
        while !lab.log.contains("ejected for") {
            try #require(ContinuousClock.now < deadline, "\(lab.log)")
            _ = try lab.connect(.pod, 4, patience: 0.6)
        }
        usleep(500_000)
        let explanation = try lab.lab.run("node", [Repository.tool, "get", "endpoints", "-o", "wide"])
        #expect(explanation.contains("ejected: 2 connections in a row unanswered, back in "), "\(explanation)")
        let without = try lab.connect(.pod, 50, patience: 0.6)
        #expect(without.succeeded == 50, "\(without)")

        try lab.setSilent(.silent, false)
        try lab.lab.serve(FailureLab.Pod.silent.name, port: 8080)
        let returned = ContinuousClock.now + .seconds(10)
        while !lab.log.contains("is no longer ejected") {
            try #require(ContinuousClock.now < returned, "\(lab.log)")
            usleep(50_000)
        }
        usleep(1_500_000)
        let answers = try lab.lab.ask("client-pod", lab.place(.pod), count: 60)
        #expect(answers["pod-13"] ?? 0 > 10, "\(answers)")
        let events = try lab.lab.run("node", [Repository.tool, "events", "-o", "wide"])
        #expect(events.contains("ejected for 4 s: 2 connections in a row unanswered"), "\(events)")
    }

    @Test(
        "with ejection and retry few connections are slow soon, and the endpoint is back within its time",
        arguments: cases)
    func slowConnections(family: IPFamily, layout: String) throws {
        let lab = try FailureLab(family)
        try lab.write(
            [.alive, .silent], annotations: "kubetables.io/retry: \"true\", kubetables.io/outlier-ejection: \"true\"")
        let ejectionTime = 10.0
        // So short a time is an endpoint avoided that failed that only its ejection keeps connections away from it: otherwise
        // one would be slow every 1.2 s.
        try lab.run(
            layout,
            [
                "--failed-endpoint-delay", "200ms", "--ejection-consecutive-failures", "3", "--ejection-base-time",
                "\(Int(ejectionTime))s",
            ])
        let deadline = ContinuousClock.now + .seconds(60)
        while !lab.log.contains("ejected for") {
            try #require(ContinuousClock.now < deadline, "\(lab.log)")
            #expect(try lab.connect(.pod, 10).succeeded == 10)
        }
        let ejected = ContinuousClock.now
        let client = try lab.lab.start("client-pod", lab.connections(.pod, 200, 10, rate: 40))
        _ = try client.wait()
        let outcome = FailureLab.outcome(client.output)
        print("\(family) \(layout), ejected: \(outcome.slow) of 200 slow")
        #expect(outcome.succeeded == 200)
        #expect(outcome.slow <= 2, "\(outcome)")

        try lab.setSilent(.silent, false)
        try lab.lab.serve(FailureLab.Pod.silent.name, port: 8080)
        try lab.waitForLog("is no longer ejected")
        let time = (ContinuousClock.now - ejected) / .seconds(1)
        #expect((ejectionTime - 2...ejectionTime + 3).contains(time), "\(time)")
        usleep(500_000)
        #expect(try lab.lab.ask("client-pod", lab.place(.pod), count: 60)[FailureLab.Pod.silent.name] ?? 0 > 10)
    }

    @Test("a Service with one endpoint is not retried: clients are refused at once")
    func alone() throws {
        let lab = try FailureLab(.ipv4)
        try lab.write([.refusing], annotations: "kubetables.io/retry: \"true\"")
        try lab.run()
        let outcome = try lab.connect(.pod, 5)
        #expect(outcome.failed == 5 && outcome.slowest < 0.5, "\(outcome)")
    }

    @Test(
        "when all endpoints refuse, clients are refused within five seconds, and the next ones at once",
        arguments: IPFamily.allCases)
    func allRefuse(family: IPFamily) throws {
        let lab = try FailureLab(family)
        try lab.setSilent(.silent, false)
        try lab.write([.refusing, .silent], annotations: "kubetables.io/retry: \"true\"")
        try lab.run("flat", ["--failed-endpoint-delay", "60s"])
        let first = try lab.connect(.outside, 1)
        #expect(first.failed == 1 && first.slowest < 5, "\(first)")
        let next = try lab.connect(.outside, 10)
        #expect(next.failed == 10 && next.slowest < 0.5, "\(next)")
    }

    @Test("connections that are open stay, whatever becomes of new ones")
    func openConnections() throws {
        let lab = try FailureLab(.ipv4)
        try lab.write([.alive], annotations: "kubetables.io/retry: \"true\", kubetables.io/outlier-ejection: \"true\"")
        try lab.run()
        let count = 100
        let script = """
            for i in {1..\(count)}; do exec {fd}<>/dev/tcp/10.96.0.80/80; fds+=($fd); done
            echo open; until [ -e \(lab.folder.path)/go ]; do sleep 0.1; done
            for fd in ${fds[@]}; do printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&$fd; cat <&$fd | tail -n 1; done
            """
        let client = try lab.lab.start("client-pod", ["bash", "-c", script])
        _ = try client.waitForOutput(after: "open")
        try lab.write(annotations: "kubetables.io/retry: \"true\", kubetables.io/outlier-ejection: \"true\"")
        try lab.waitForLog("endpoints +2")
        #expect(try lab.connect(.pod, 100).succeeded == 100)
        #expect(try lab.metric("kubetables_connection_retries_total") > 0)
        try lab.folder.write("go", "")
        #expect(try client.wait() == 0)
        #expect(client.output.split(separator: "\n").count { $0 == "pod-11" } == count, "\(client.output)")
    }
}

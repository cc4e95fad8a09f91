// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import KubernetesObjects
import Logging
import Monitoring
import NetworkTypes
import PrometheusText
import ServiceModel
import Synchronization
import TestSupport
import Testing

@testable import Proxy

@Suite("Health check node ports") struct ServiceHealthServersTests {
    private let record = HealthRecord(syncPeriod: .seconds(30))
    private let loopback = [IPAddress.loopback(.ipv4)]

    /// A port that was free a moment ago.
    private func freePort() async throws -> UInt16 {
        let server = try await HTTPServer.bind(.anyLocal, logger: .silent) { _ in .notFound }
        await server.close()
        return server.address.port
    }

    private func service(_ name: String, _ port: UInt16, _ count: Int = 1) -> ServiceHealth {
        ServiceHealth(service: ServiceName(name: name), port: port, localEndpoints: count)
    }

    private func running(
        retryPeriod: Duration = .seconds(30), allowance: ListenerAllowance = ListenerAllowance(), connections: Int = 64,
        report: @escaping ServiceHealthServers.Report = { _, _ in }, logger: Logger = .silent,
        _ body: (ServiceHealthServers) async throws -> Void
    ) async throws {
        let servers = ServiceHealthServers(
            health: record, retryPeriod: retryPeriod,
            shared: .init(allowance: allowance, connections: connections, refusals: HTTPRefusals(logger)),
            report: report,
            logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await servers.run() }
            try await body(servers)
            group.cancelAll()
        }
    }

    /// Waits until something holds, up to five seconds.
    private func eventually(_ what: Comment, _ condition: () async -> Bool) async {
        let deadline = ContinuousClock.now + .seconds(5)
        while await !condition() {
            guard ContinuousClock.now < deadline else {
                Issue.record(what)
                return
            }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test("listeners come and go with their Services, and answer with what is so now")
    func services() async throws {
        let ports = [try await freePort(), try await freePort()]
        try await running { servers in
            await servers.update([service("a", ports[0], 2), service("b", ports[1], 0)], addresses: loopback)
            await eventually("listens") { await Wire.ask(ports[0])?.status == 200 }
            let answer = try #require(await Wire.ask(ports[0], "/any/path"))
            #expect(answer.headers["X-Load-Balancing-Endpoint-Weight"] == "2")
            #expect(answer.body.contains(#""name": "a""#))
            await eventually("both listen") { await Wire.ask(ports[1])?.status == 503 }
            await servers.update([service("a", ports[0], 0), service("b", ports[1], 5)], addresses: loopback)
            #expect(await Wire.ask(ports[0])?.status == 503)
            #expect(await Wire.ask(ports[1])?.status == 200)
            // A port goes from one Service to another, and the other Service is gone.
            await servers.update([service("c", ports[0], 1)], addresses: loopback)
            #expect(await Wire.ask(ports[0])?.body.contains(#""name": "c""#) == true)
            #expect(await Wire.ask(ports[1]) == nil)
        }
        #expect(await Wire.ask(ports[0]) == nil)
    }

    @Test("what the loop reports is served: the latest of each family, from before the start on")
    func feed() async throws {
        let port = try await freePort()
        let feed = ServiceHealthFeed(
            families: [.ipv4], health: record, shared: .init(refusals: HTTPRefusals(.silent)),
            metrics: ProxyMetrics(MetricRegistry()), problems: ProblemRecord(), logger: .silent)
        func report(_ endpoints: Int) {
            let servicePort = ServicePort.sample("a", healthCheckNodePort: port)
            let local = (0..<UInt32(endpoints)).map { Endpoint.sample($0, node: "here") }
            feed.observe(
                .healthChecksChanged(
                    HealthCheckedServices(
                        family: .ipv4, nodeName: "here", nodePortAddresses: loopback,
                        servicePorts: [ServicePortEndpoints(servicePort: servicePort, endpoints: local)])))
        }
        report(1)
        report(2)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await feed.run() }
            await eventually("listens") { await Wire.ask(port)?.status == 200 }
            let weight = try #require(await Wire.ask(port)).headers["X-Load-Balancing-Endpoint-Weight"]
            #expect(weight == "2")
            report(0)
            await eventually("follows") { await Wire.ask(port)?.status == 503 }
            group.cancelAll()
        }
        #expect(await Wire.ask(port) == nil)
    }

    @Test("a port in use is logged once, does not keep others from serving, and is tried again until it is free")
    func portInUse() async throws {
        let other = try await HTTPServer.bind(.anyLocal, logger: .silent) { _ in .notFound }
        let (used, free) = (other.address.port, try await freePort())
        let log = LogRecorder()
        try await running(retryPeriod: .milliseconds(30), logger: log.logger) { servers in
            await servers.update([service("a", used), service("b", free)], addresses: loopback)
            await eventually("serves the other") { await Wire.ask(free)?.status == 200 }
            try await Task.sleep(for: .milliseconds(100))
            let failure = ListenFailure(ListenAddress(loopback[0], used, isIPv6Only: true), .portInUse)
            #expect(
                log.warnings == [
                    "default/a: health checks are not served: \(failure); next attempt in 0.03 seconds"
                ])
            await other.close()
            await eventually("serves it, too") { await Wire.ask(used)?.status == 200 }
            #expect(log.infos.last?.contains("serving health checks") == true)
        }
    }

    @Test("listeners that the descriptors do not suffice for are refused in one line, and come when there are more")
    func descriptors() async throws {
        let ports = [try await freePort(), try await freePort(), try await freePort()]
        let others = Mutex(743)
        let log = LogRecorder()
        let counts = Mutex(ServiceHealthServers.Counts())
        let problems = ProblemRecord(families: [.ipv4])
        func listed() throws -> String { String(decoding: problems.text.body, as: UTF8.self) }
        let allowance = ListenerAllowance { (1000, others.withLock { $0 } + counts.withLock(\.listening)) }
        try await running(
            retryPeriod: .milliseconds(30), allowance: allowance,
            report: { new, unserved in
                counts.withLock { $0 = new }
                problems.set(unserved, .ipv4)
            },
            logger: log.logger
        ) { servers in
            await servers.update(
                zip(["a", "b", "c"], ports).map { service($0, $1) }, addresses: loopback)
            await eventually("the first one listens") { await Wire.ask(ports[0])?.status == 200 }
            #expect(await Wire.ask(ports[1]) == nil)
            #expect(counts.withLock { $0 } == .init(listening: 1, failed: 0, refused: 2))
            try await Task.sleep(for: .milliseconds(100))
            #expect(
                log.warnings == [
                    """
                    2 of 3 health check node ports are not served, among them \(ports[1]) of default/b, \(ports[2]) of \
                    default/c: the limit of open files leaves no descriptors for them; raise it (LimitNOFILE of the systemd \
                    unit, ulimit -n); next attempt in 0.03 seconds; /problems lists all
                    """
                ])
            #expect(try listed().contains("health check node ports that are not served: 2\n"))
            #expect(try listed().contains("  IPv4: default/c on 127.0.0.1:\(ports[2]): the limit of open files leaves"))
            others.withLock { $0 = 100 }
            await eventually("all listen") { await Wire.ask(ports[2])?.status == 200 }
            #expect(counts.withLock { $0 } == .init(listening: 3, failed: 0, refused: 0))
            #expect(try !listed().contains("health check"))
            #expect(log.infos.last == "there are descriptors for all health check node ports again")
        }
    }

    @Test(
        "all listeners together have one limit of connections: silent clients of one do not keep out those of another")
    func connections() async throws {
        let ports = [try await freePort(), try await freePort()]
        try await running(connections: 4) { servers in
            await servers.update([service("a", ports[0]), service("b", ports[1])], addresses: loopback)
            await eventually("both listen") { await Wire.ask(ports[1])?.status == 200 }
            let silent = try (0..<4).map { _ in try RawClient(port: ports[0]) }
            // Threads accept them in any order, also after an answer of the other listener.
            await eventually("a silent client makes way") {
                await Wire.ask(ports[1])?.status == 200 && silent.contains(where: \.isEnded)
            }
            #expect(await Wire.ask(ports[0])?.status == 200)
            #expect(await Wire.ask(ports[1])?.status == 200)
            // Those of a listener that ends are closed; those of the other one stay.
            await servers.update([service("b", ports[1])], addresses: loopback)
            #expect(await Wire.ask(ports[1])?.status == 200)
            _ = silent
        }
    }
}

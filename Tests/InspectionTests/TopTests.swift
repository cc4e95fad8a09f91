// SPDX-License-Identifier: Apache-2.0

import Foundation
import KubernetesObjects
import NetworkTypes
import RuleCompiler
import ServiceModel
import Testing

@testable import Inspection

@Suite("top") struct TopTests {
    /// Counts that a test sets, by the last number of an endpoint's address.
    private struct Counted: CountedTraffic {
        var connections: [UInt8: UInt64]
        var refused: [RefusalReason: Double] = [:]

        func counts(of servicePort: ServicePortName) -> TrafficCounts? { nil }
        func connections(of servicePort: ServicePortName, to endpoints: [AddressPort]) -> [UInt64]? { nil }
        var measurement: TrafficMeasurement? {
            TrafficMeasurement(time: Timestamp(seconds: 1_764_000_000, nanoseconds: 5), seconds: 2)
        }
        func rates(of servicePort: ServicePortName) -> MeasuredPort? {
            let isEven = servicePort.service == "even"
            return MeasuredPort(
                connectionsPerSecond: isEven ? 30 : 0,
                refusedPerSecond: servicePort.service == "alone" ? refused : [:])
        }
        func endpoints(of servicePort: ServicePortName, _ endpoints: [AddressPort]) -> MeasuredEndpoints? {
            let counts = endpoints.map { connections[UInt8($0.address.description.split(separator: ".")[3]) ?? 0] ?? 0 }
            return MeasuredEndpoints(
                connectionsPerSecond: counts.map { Double($0) / 10 }, connections: counts, seconds: 45)
        }
    }

    private static let even = """
        apiVersion: v1
        kind: Service
        metadata: {name: even, namespace: shop}
        spec: {clusterIP: 10.96.0.20, ports: [{name: http, port: 80}]}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: even-1, namespace: shop, labels: {kubernetes.io/service-name: even}}
        addressType: IPv4
        ports: [{name: http, port: 8080}]
        endpoints:
        - {addresses: [10.244.3.31], nodeName: node-1, targetRef: {kind: Pod, name: even-0}}
        - {addresses: [10.244.3.32], nodeName: node-2, targetRef: {kind: Pod, name: even-1}}
        - {addresses: [10.244.3.33], nodeName: node-2, targetRef: {kind: Pod, name: even-2}}
        - {addresses: [10.244.3.34], nodeName: node-2, conditions: {ready: false, serving: false}}
        ---

        """

    private func state(_ traffic: Counted?) -> InspectedState {
        var state = SampleState.read(Self.even + SampleState.shop)
        var loop = LoopState(time: Timestamp(seconds: 1000), startTime: Timestamp(seconds: 0))
        var family = FamilyState()
        family.traffic = traffic
        loop.families[.ipv4] = family
        state.loop = loop
        return state
    }

    private let uneven = Counted(connections: [31: 150, 32: 100, 33: 50], refused: [.noEndpoints: 1.5])

    private func endpoints(_ selection: TopSelection, _ traffic: Counted) throws -> TopEndpointList {
        try #require(try TopEndpointInquiry(selection).report(on: state(traffic)) as? TopEndpointList)
    }

    private func services(_ selection: TopSelection, _ traffic: Counted?) throws -> TopServiceList {
        try #require(try TopServiceInquiry(selection).report(on: state(traffic)) as? TopServiceList)
    }

    @Test("lists used endpoints with the share they get and should get, and marks what chance cannot explain")
    func shares() throws {
        let list = try endpoints(TopSelection(ServiceSelection(names: ["even"])), uneven)
        #expect(list.items.map(\.address) == ["10.244.3.31", "10.244.3.32", "10.244.3.33"])
        let shares: [Double?] = [0.5, 1.0 / 3, 1.0 / 6]
        #expect(list.items.map(\.share) == shares)
        let third: Double? = 1.0 / 3
        #expect(list.items.allSatisfy { $0.expectedShare == third && $0.windowSeconds == 45 })
        #expect(list.items.map(\.deviation) == [.more, nil, .less])
        #expect(list.items.map(\.pod) == ["even-0", "even-1", "even-2"])
        #expect(list.totals == TopTotals(connectionsPerSecond: 30, refusedPerSecond: 0, items: 3))
        #expect(list.time == "2025-11-24T16:00:00Z" && list.intervalSeconds == 2)
        let fair = try endpoints(
            TopSelection(ServiceSelection(names: ["even"])), Counted(connections: [31: 110, 32: 100, 33: 90]))
        #expect(fair.items.allSatisfy { $0.deviation == nil })
    }

    @Test("expects no share where policies draw from different endpoints, and marks none with session affinity")
    func unknownShares() throws {
        // Two lists: all endpoints, and those on this node.
        let web = try endpoints(
            TopSelection(ServiceSelection(names: ["web"])), Counted(connections: [11: 1000, 12: 1]))
        #expect(web.items.map(\.expectedShare) == [nil, nil])
        #expect(web.items.allSatisfy { $0.deviation == nil })
        var state = SampleState.read(
            Self.even.replacing("spec: {", with: "spec: {sessionAffinity: ClientIP, "))
        state.loop = self.state(uneven).loop
        let report = try TopEndpointInquiry(TopSelection()).report(on: state)
        let list = try #require(report as? TopEndpointList)
        let shares: [Double?] = Array(repeating: 1.0 / 3, count: 3)
        #expect(list.items.filter { $0.service == "even" }.map(\.expectedShare) == shares)
        #expect(list.items.allSatisfy { $0.deviation == nil })
    }

    @Test("sorts, and limits what it shows, but not what it sums up")
    func order() throws {
        let all = try services(TopSelection(), uneven)
        #expect(all.items.map(\.name) == ["even", "alone", "elsewhere", "thief", "web"])
        #expect(all.items[0].share == 1 && all.items[0].deviatingEndpoints == 2 && all.items[0].usedEndpoints == 3)
        let refused = try services(TopSelection(order: .refused, limit: 1), uneven)
        #expect(refused.items.map(\.name) == ["alone"])
        #expect(refused.items[0].refusedPerSecond == ["no-endpoints": 1.5] && refused.items[0].state == .noEndpoints)
        #expect(refused.totals == TopTotals(connectionsPerSecond: 30, refusedPerSecond: 1.5, items: 5))
        let byName = try services(TopSelection(order: .name), uneven)
        #expect(byName.items.map(\.name) == ["alone", "elsewhere", "even", "thief", "web"])
        let deviating = try endpoints(TopSelection(order: .deviation, limit: 2), uneven)
        #expect(deviating.items.map(\.deviation) == [.more, .less])
        #expect(throws: InquiryFailure.notFound("there is no Service evn; did you mean \"shop/even\"?")) {
            try services(TopSelection(ServiceSelection(names: ["evn"])), uneven)
        }
        for (parameter, value) in [("sort", "deviation"), ("sort", "x"), ("limit", "-1"), ("limit", "x")] {
            #expect(throws: InquiryFailure.self) {
                try TopServiceInquiry(InquiryParameters([.init(name: parameter, value: value)]))
            }
        }
        let selection = TopSelection(ServiceSelection(namespace: "n", names: ["a"]), order: .refused, limit: 7)
        #expect(try TopServiceInquiry(TopServiceInquiry(selection).parameters).selection == selection)
    }

    @Test("prints a table of at most 100 columns, and everything as JSON")
    func text() throws {
        let inquiry = TopEndpointInquiry(TopSelection(ServiceSelection(names: ["even"])))
        let text = try SampleState.text(inquiry, state(uneven))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(text)")
        #expect(text.contains("  50%"))
        #expect(text.contains("  33.3%"))
        let services = try SampleState.text(TopServiceInquiry(TopSelection()), state(uneven))
        #expect(services.split(separator: "\n").allSatisfy { $0.count <= 100 }, "\(services)")
        #expect(services.hasPrefix("30 connections/s, 1.5 refused/s, over 2.0 s until 2025-11-24T16:00:00Z\n"))
        #expect(services.contains("no-endpoints"))
        #expect(try SampleState.text(TopServiceInquiry(TopSelection()), state(nil)).hasPrefix("no counters yet"))
        let json = try SampleState.text(inquiry, state(uneven), ReportOutput(.json))
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        let items = try #require(object?["items"] as? [[String: Any]])
        #expect(object?["kind"] as? String == "TopEndpointList" && object?["apiVersion"] as? String == "kubetables/v1")
        #expect(items[0]["deviation"] as? String == "more" && items[1]["deviation"] == nil)
        #expect(items[0]["connections"] as? Int == 150 && items[0]["connectionsPerSecond"] as? Double == 15)
        let decoded = try JSONDecoder().decode(TopEndpointList.self, from: Data(json.utf8))
        #expect(decoded.items.map(\.deviation) == [.more, nil, .less])
    }
}

@Suite("The screen of top") struct TopScreenTests {
    private func item(_ number: Int, service: String = "web") -> TopEndpointItem {
        TopEndpointItem(
            namespace: "a-namespace-with-a-long-name", service: "\(service)-\(number)", portName: "http",
            servicePort: 80, protocol: "TCP", ipFamily: "IPv4", address: "10.244.1.\(number)", port: 8080,
            pod: "\(service)-5d8f7-\(number)", node: "node-\(number)", connectionsPerSecond: 12.3, connections: 100,
            windowSeconds: 30, share: 0.5,
            expectedShare: 0.25, deviation: number == 0 ? .more : nil)
    }

    private func list(_ count: Int, service: String = "web") -> TopEndpointList {
        TopEndpointList(
            time: "2026-11-27T12:00:00Z", intervalSeconds: 2,
            totals: TopTotals(connectionsPerSecond: 123.4, refusedPerSecond: 0, items: count + 5),
            items: (0..<count).map { item($0, service: service) })
    }

    /// The text without colours.
    private func plain(_ line: String) -> String { line.replacing(/\u{1b}\[[0-9]*m/, with: "") }

    @Test("fits any terminal: no line is longer, and there are no more lines")
    func sizes() {
        for hasColors in [false, true] {
            let screen = TopScreen(title: "kubetables top endpoints  every 2s  (q ends)", hasColors: hasColors)
            for columns in [1, 10, 40, 80, 81, 100, 200] {
                for rows in [0, 1, 3, 5, 24, 60] {
                    let size = TopScreen.Size(columns: columns, rows: rows)
                    let room = TopScreen.room(size)
                    let lines = screen.lines(list(room), size)
                    #expect(lines.count <= rows)
                    #expect(lines.allSatisfy { plain($0).count <= columns }, "\(size): \(lines)")
                    if rows > 4 { #expect(lines.count == rows) }
                }
            }
        }
    }

    @Test("has title, summary and table; bars where there is room")
    func content() {
        let screen = TopScreen(title: "title", hasColors: false)
        let lines = screen.lines(list(2), TopScreen.Size(columns: 160, rows: 24))
        #expect(lines[0] == "title")
        #expect(lines[1] == "123 connections/s, 0.0 refused/s, over 2.0 s until 2026-11-27T12:00:00Z; 2 of 7 shown")
        #expect(lines[2] == "")
        #expect(lines[3].hasPrefix("NAMESPACE ") && lines[3].contains("EXPECTED"))
        #expect(lines[4].contains(" 12    50%") && lines[4].contains("██████······") && lines[4].hasSuffix("more"))
        let narrow = screen.lines(list(2), TopScreen.Size(columns: 80, rows: 24))
        #expect(!narrow[4].contains("█") && narrow[4].contains("50%"))
        let problem = screen.lines(list(2), problem: "no kubetables is running", TopScreen.Size(columns: 80, rows: 24))
        #expect(problem[1] == "no kubetables is running" && problem.count == 6)
    }

    @Test("has colours only where they are wanted, and nothing else that a terminal would obey")
    func hostile() {
        let size = TopScreen.Size(columns: 120, rows: 24)
        let colored = TopScreen(title: "t", hasColors: true).lines(list(2), size)
        #expect(colored[0] == "\u{1b}[1mt\u{1b}[0m")
        #expect(colored.joined().contains("\u{1b}[33mmore\u{1b}[0m"))
        let hostile = TopScreen(title: "t", hasColors: true).lines(list(2, service: "a\u{1b}[2J\u{7}"), size)
        #expect(!hostile.joined().contains("\u{1b}[2J") && !hostile.joined().contains("\u{7}"))
    }

    @Test("draws a bar as long as the share, with a mark where the expected one is")
    func bars() {
        #expect(ShareBar.text(0) == "············")
        #expect(ShareBar.text(1) == "████████████")
        #expect(ShareBar.text(0.5) == "██████······")
        #expect(ShareBar.text(0.04) == "▌···········")
        #expect(ShareBar.text(0.1, expected: 0.5) == "█·····|·····")
        #expect(ShareBar.text(0.9, expected: 0.5) == "███████████·")
        #expect(ShareBar.text(0, expected: 1) == "···········|")
        #expect(ShareBar.text(7).count == ShareBar.width && ShareBar.text(-1).count == ShareBar.width)
    }
}

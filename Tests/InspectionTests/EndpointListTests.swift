// SPDX-License-Identifier: Apache-2.0

import Foundation
import Inspection
import Testing

@Suite("A list of endpoints") struct EndpointListTests {
    private let state = SampleState.read(SampleState.shop)

    @Test("has each endpoint with its Pod, its share, and why it is not used")
    func items() throws {
        let report = try EndpointInquiry(.init(names: ["web"])).report(on: state)
        let items = try #require(report as? EndpointList).items
        #expect(items.map(\.address) == ["10.244.1.11", "10.244.2.12", "10.244.2.13"])
        #expect(items.map(\.pod) == ["web-0", "web-1", nil])
        #expect(items.map(\.zone) == ["a", "b", nil])
        #expect(items.map(\.usedByCluster) == [true, true, false])
        #expect(items.map(\.usedByLocal) == [true, false, false])
        #expect(items.map(\.clusterShare) == [0.5, 0.5, nil])
        #expect(items.map(\.localShare) == [1, nil, nil])
        #expect(items.map(\.conditions) == [["ready", "serving"], ["ready", "serving"], []])
        #expect(items.map(\.reason) == [nil, "policy Local: it is not on this node", "it is not ready"])
        let json = try SampleState.text(EndpointInquiry(.init(names: ["web"])), state, ReportOutput(.json))
        #expect(try JSONDecoder().decode(EndpointList.self, from: Data(json.utf8)).items == items)
    }

    @Test("is a table")
    func table() throws {
        let text = try SampleState.text(EndpointInquiry(.init(names: ["elsewhere", "web"])), state)
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.count == 5)
        #expect(lines.allSatisfy { $0.count <= ReportStyle.width })
        #expect(lines[0].split(separator: " ").last == "REASON")
        #expect(lines[1].split(separator: " ").suffix(3) != [])
        let colored = try SampleState.text(
            EndpointInquiry(.init(names: ["web"])), state, ReportOutput(.wide, hasColors: true))
        #expect(colored.contains("\u{1b}[32myes\u{1b}[0m"))
        #expect(colored.contains("\u{1b}[33mit is not ready\u{1b}[0m"))
    }

    @Test("refuses a Service that is not there")
    func unknown() {
        #expect(throws: InquiryFailure.notFound("there is no Service x")) {
            try EndpointInquiry(.init(names: ["x"])).report(on: state)
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import FoundationXML
import KubernetesObjects
import NetworkTypes
import ServiceModel
import Testing

@testable import Inspection

@Suite("The graph of a Service") struct GraphTests {
    private func graph(_ subject: String, _ state: InspectedState = SampleState.read(SampleState.shop)) throws
        -> ServiceGraph
    {
        try #require(try GraphInquiry(subject).report(on: state) as? ServiceGraph)
    }

    private func text(_ subject: String, _ format: GraphFormat) throws -> String {
        try SampleState.text(GraphInquiry(subject, format: format), SampleState.read(SampleState.shop))
    }

    @Test("leads from built-in chains to endpoints, with conditions and shares")
    func ways() throws {
        let graph = try graph("shop/web")
        let titles = graph.nodes.filter { $0.kind == .hook }.map(\.title)
        #expect(titles.contains("PREROUTING") && titles.contains("OUTPUT"))
        let endpoints = graph.nodes.filter { $0.kind == .endpoint }
        #expect(endpoints.map(\.title).sorted() == ["10.244.1.11:8080", "10.244.2.12:8080"])
        #expect(endpoints.contains { $0.details == ["pod web-0", "on node-1"] })
        let clusterIP = try #require(graph.edges.first { $0.conditions.contains { $0.contains("10.96.0.10") } })
        #expect(clusterIP.from == "IPv4/nat/KUBE-SERVICES")
        #expect(clusterIP.conditions == ["to 10.96.0.10, port 80/TCP"])
        #expect(graph.edges.contains { $0.from == "IPv4/nat/KUBE-NODEPORTS" && $0.conditions == ["port 30080/TCP"] })
        #expect(
            graph.edges.contains {
                $0.from == "IPv4/nat/KUBE-SERVICES" && $0.to == "IPv4/nat/KUBE-NODEPORTS"
                    && $0.conditions == ["to an address of this node"]
            })
        // Each of two endpoints gets half of the clients that are not remembered.
        let balanced = graph.edges.filter { $0.to.contains("KUBE-SEP-") && $0.fraction == "1/2" }
        #expect(balanced.count == 2)
        #expect(balanced.allSatisfy { $0.conditions == ["client remembered for 10800 s"] })
        let ids = Set(graph.nodes.map(\.id))
        #expect(graph.edges.allSatisfy { ids.contains($0.from) && ids.contains($0.to) })
    }

    @Test("of a Service without endpoints leads to a refusal")
    func refused() throws {
        let graph = try graph("shop/alone")
        #expect(graph.nodes.contains { $0.kind == .refusal && $0.title == "rejected: icmp-port-unreachable" })
    }

    private struct Counted: CountedTraffic {
        func counts(of servicePort: ServicePortName) -> TrafficCounts? {
            TrafficCounts(connections: 12, refusedPackets: 7)
        }

        func connections(of servicePort: ServicePortName, to endpoints: [AddressPort]) -> [UInt64]? {
            endpoints.map { _ in 5 }
        }
    }

    @Test("has what was counted")
    func counters() throws {
        var state = SampleState.read(SampleState.shop)
        var loop = LoopState(time: Timestamp(seconds: 1000), startTime: Timestamp(seconds: 0))
        var family = FamilyState()
        family.traffic = Counted()
        loop.families[.ipv4] = family
        state.loop = loop
        let endpoints = try graph("shop/web", state).nodes.filter { $0.kind == .endpoint }
        #expect(endpoints.allSatisfy { $0.details.last == "5 connections" })
        let refusals = try graph("shop/alone", state).nodes.filter { $0.kind == .refusal }
        #expect(refusals.map(\.details) == [["7 packets refused"]])
    }

    @Test("of a Service without rules is refused")
    func missing() {
        #expect(throws: InquiryFailure.self) { try graph("shop/headless") }
        #expect(throws: InquiryFailure.self) { try graph("shop/missing") }
    }

    @Test("is a picture without scripts, in which no node lies on another one")
    func svg() throws {
        let svg = try text("shop/web", .svg)
        let document = try XMLDocument(xmlString: svg)
        let root = try #require(document.rootElement())
        #expect(root.name == "svg")
        #expect(svg.contains("prefers-color-scheme:dark"))
        #expect(!svg.contains("<script") && !svg.contains("href"))
        // A style with an escaped end of line in it is none: each of its rules is on a line of its own.
        #expect(svg.contains("\n.kt text{") && svg.contains("\n.kt .endpoint rect{") && !svg.contains("\\"))
        func numbers(_ text: Substring) -> [Double] {
            text.matches(of: #/"([0-9.]+)"/#).compactMap { Double($0.1) }
        }
        let lines = svg.split(separator: "\n")
        let size = try #require(lines.first?.firstMatch(of: #/ width=.* viewBox/#)).output
        let picture = CGRect(x: 0, y: 0, width: numbers(size)[0], height: numbers(size)[1])
        let boxes = lines.filter { $0.hasPrefix("<rect x=") }.map { line in
            let parts = numbers(line)
            return CGRect(x: parts[0], y: parts[1], width: parts[2], height: parts[3])
        }
        #expect(boxes.count == (try graph("shop/web")).nodes.count)
        for (index, box) in boxes.enumerated() {
            #expect(picture.contains(box))
            #expect(boxes[(index + 1)...].allSatisfy { !$0.intersects(box) })
        }
    }

    @Test("is text for other programs, with all quotes escaped")
    func languages() throws {
        let dot = try text("shop/web", .dot)
        #expect(dot.hasPrefix("digraph kubetables {\n  rankdir=LR;"))
        #expect(
            dot.contains(
                "  \"IPv4/nat/KUBE-SERVICES\" -> \"IPv4/nat/KUBE-NODEPORTS\" [label=\"to an address of this node\"];\n")
        )
        #expect(dot.hasSuffix("}\n"))
        let mermaid = try text("shop/web", .mermaid)
        #expect(mermaid.hasPrefix("flowchart LR\n  n0["))
        #expect(mermaid.contains("-->|\"to an address of this node\"| "))

        let hostile = "a\"]<b>&\\|`"
        let graph = ServiceGraph(
            services: [hostile],
            nodes: [
                GraphNode(
                    id: hostile, kind: .chain, ipFamily: "IPv4", table: "nat", title: hostile, details: [hostile]),
                GraphNode(id: "b", kind: .endpoint, ipFamily: "IPv4", table: nil, title: "b", details: []),
            ],
            edges: [GraphEdge(from: hostile, to: "b", conditions: [hostile], fraction: nil, share: nil)])
        for format in GraphFormat.allCases {
            var graph = graph
            graph.format = format
            var text = ""
            try ReportOutput().write(graph) { text += $0 }
            #expect(!text.contains(hostile))
            if format == .svg { #expect(throws: Never.self) { try XMLDocument(xmlString: text) } }
        }
    }

    @Test("is a value in JSON without the form of the picture, and its inquiry a request")
    func json() throws {
        let json = try SampleState.text(
            GraphInquiry("shop/web", format: .dot), SampleState.read(SampleState.shop), ReportOutput(.json))
        let decoded = try JSONDecoder().decode(ServiceGraph.self, from: Data(json.utf8))
        #expect(decoded == (try graph("shop/web")))
        #expect(json.contains("\"kind\": \"Graph\"") && !json.contains("\"format\""))
        let inquiry = GraphInquiry("web", namespace: "shop", format: .mermaid)
        #expect(try GraphInquiry(inquiry.parameters) == inquiry)
        #expect(throws: InquiryFailure.invalid("unsupported format \"png\" (supported: svg, dot, mermaid)")) {
            try GraphInquiry(
                InquiryParameters([.init(name: "subject", value: "a"), .init(name: "format", value: "png")]))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0

import Inspection
import Testing

/// Names of Pods and much else in reports were written by others, and a terminal would obey what is in them.
@Suite("Reports of hostile objects") struct HostileTextTests {
    private static let manifests = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {clusterIP: 10.96.0.10, ports: [{port: 80}]}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
        addressType: IPv4
        ports: [{port: 8080}]
        endpoints:
        - {addresses: [10.244.1.11], nodeName: node-1, targetRef: {kind: Pod, name: "a\\e[31m\\e[2Jb\\x9bc\\u202Ed"}}

        """

    @Test("have nothing that a terminal obeys, in any form; with colours, only those", arguments: ReportFormat.allCases)
    func printable(format: ReportFormat) throws {
        let inquiries: [any Inquiry] = [
            EndpointInquiry(.init()), ExplanationInquiry("default/web", namespace: nil),
            try TraceInquiry(
                .init([.init(name: "from", value: "192.0.2.1"), .init(name: "to", value: "10.96.0.10:80")])),
        ]
        for inquiry in inquiries {
            let plain = try SampleState.text(inquiry, SampleState.read(Self.manifests), ReportOutput(format))
            #expect(plain.contains("[2Jb"), "\(plain)")
            #expect(Self.obeyed(plain).isEmpty, "\(plain.debugDescription)")
            let colored = try SampleState.text(
                inquiry, SampleState.read(Self.manifests), ReportOutput(format, hasColors: true))
            #expect(Self.obeyed(colored.replacing(#/\x{1b}\[(?:0|1|2|31|32|33)m/#, with: "")).isEmpty)
        }
    }

    /// With colours on, a name can be written as the report's own colours are.
    @Test("have no colours of names")
    func forgedColors() throws {
        let manifests = Self.manifests.replacing("a\\e[31m\\e[2Jb", with: "\\e[32mfake\\e[0m")
        for inquiry in [EndpointInquiry(.init()), ExplanationInquiry("default/web")] as [any Inquiry] {
            let text = try SampleState.text(
                inquiry, SampleState.read(manifests), ReportOutput(.wide, hasColors: true))
            #expect(
                text.contains("\\u{1b}[32mfake\\u{1b}[0m") && !text.contains("\u{1b}[32mfake"),
                "\(text.debugDescription)")
            #expect(text.contains("\u{1b}[32myes\u{1b}[0m"))
        }
    }

    @Test("are cut if a name has thousands of characters, wherever it stands, and are not slow", arguments: ["x", "ü"])
    func longNames(letter: String) throws {
        let long = String(repeating: letter, count: 200_000)
        let manifests = Self.manifests.replacing("\"a\\e[31m\\e[2Jb\\x9bc\\u202Ed\"", with: long)
            .replacing("nodeName: node-1", with: "nodeName: \(long), zone: \(long)")
        let state = SampleState.read(manifests)
        let inquiries: [any Inquiry] = [
            EndpointInquiry(.init()), ExplanationInquiry("default/web"), TopEndpointInquiry(TopSelection()),
            TraceInquiry(from: "192.0.2.1", to: "10.96.0.10:80"), GraphInquiry("default/web"),
            GraphInquiry("default/web", format: .dot), GraphInquiry("default/web", format: .mermaid),
        ]
        let duration = try ContinuousClock().measure {
            for inquiry in inquiries {
                for format in [ReportFormat.table, .wide] {
                    let text = try SampleState.text(inquiry, state, ReportOutput(format))
                    #expect(text.contains("\(letter)…") && text.utf8.count < 80_000, "\(inquiry): \(text.utf8.count)")
                }
            }
        }
        #expect(duration < .seconds(10), "\(duration)")
        // Programs get the name as it is.
        #expect(try SampleState.text(EndpointInquiry(.init()), state, ReportOutput(.json)).contains(long))
    }

    private static func obeyed(_ text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.filter { scalar in
            let category = scalar.properties.generalCategory
            return scalar != "\n" && (category == .control || category == .format)
        }
    }
}

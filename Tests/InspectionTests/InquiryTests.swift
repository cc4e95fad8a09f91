// SPDX-License-Identifier: Apache-2.0

import Inspection
import Testing

@Suite("An inquiry") struct InquiryTests {
    @Test("is read again from the parameters of its request")
    func parameters() throws {
        let services = ServiceInquiry(.init(namespace: "shop", names: ["web", "a/b"]))
        #expect(ServiceInquiry(services.parameters) == services)
        let endpoints = EndpointInquiry(.init())
        #expect(EndpointInquiry(endpoints.parameters) == endpoints)
        let explanation = ExplanationInquiry("shop/web", namespace: "x")
        #expect(try ExplanationInquiry(explanation.parameters) == explanation)
        for format in ReportFormat.allCases {
            for hasColors in [false, true] {
                let output = ReportOutput(format, hasColors: hasColors)
                #expect(try ReportOutput(output.parameters) == output)
            }
        }
        #expect(Set(Inquiries.all.map { $0.path }).count == Inquiries.all.count)
    }

    @Test("that makes no sense is refused")
    func invalid() {
        #expect(throws: InquiryFailure.self) { try ExplanationInquiry(InquiryParameters()) }
        #expect(
            throws: InquiryFailure.invalid("unsupported output \"xml\" (supported: table, wide, json, yaml)")
        ) {
            try ReportOutput(InquiryParameters([.init(name: "output", value: "xml")]))
        }
    }

    @Test("is a part of a URL")
    func query() {
        let parameters = ExplanationInquiry("10.96.0.1:80/tcp ü&=").parameters
        #expect(parameters.query == "?subject=10.96.0.1%3A80%2Ftcp%20%C3%BC%26%3D")
        #expect(InquiryParameters().query.isEmpty)
    }
}

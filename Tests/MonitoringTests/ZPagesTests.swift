// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPServing
import KubernetesObjects
import Testing

@testable import Monitoring

@Suite("z-pages") struct ZPagesTests {
    private let pages = ZPages(
        build: BuildInfo(version: "1.2.3"), startTime: Timestamp(seconds: 1_764_000_000),
        now: { Timestamp(seconds: 1_764_000_000 + 2 * 3600 + 3 * 60 + 4) },
        flags: { [("v", "0"), ("bind-address", "0.0.0.0"), ("config", "")] })

    private func text(_ answer: HTTPAnswer) -> String { String(decoding: answer.body, as: UTF8.self) }

    private func object(_ answer: HTTPAnswer) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
    }

    @Test("show version and age as kube-proxy 1.36 does, without a Go version")
    func statusz() {
        let answer = pages.statusz("", paths: ["/metrics", "/healthz", "/metrics/slis", "/v1"])
        #expect(answer.header("Content-Type") == "text/plain; charset=utf-8")
        #expect(
            text(answer) == """

                kube-proxy statusz
                Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.

                Started: Mon Nov 24 16:00:00 UTC 2025
                Up: 2 hr 03 min 04 sec
                Binary version: 1.2.3
                Emulation version: 1.36
                Paths: /healthz /metrics /v1

                """)
    }

    @Test("show the flags in force, by name")
    func flagz() async {
        #expect(
            text(await pages.flagz("text/plain")) == """

                kube-proxy flagz
                Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.
                bind-address=0.0.0.0
                config=
                v=0

                """)
    }

    @Test("have the form that the client accepts; JSON and YAML must be asked for with a version")
    func forms() async throws {
        for accept in ["", "*/*", "text/*", "text/plain; charset=utf-8", "application/xml, */*;q=0.1", "TEXT/Plain"] {
            #expect(pages.statusz(accept, paths: []).status == 200, "\(accept)")
            #expect(await pages.flagz(accept).header("Content-Type") == "text/plain; charset=utf-8", "\(accept)")
        }
        let parameters = "v=v1beta1; g=config.k8s.io; as="
        let refused = [
            "application/json", "application/xml", "some header", "application/json;\(parameters)Flagz", "image/*",
            "application/json;v=v9;g=config.k8s.io;as=Statusz",
        ]
        for accept in refused { #expect(pages.statusz(accept, paths: []).status == 406, "\(accept)") }
        let status = pages.statusz("application/json;\(parameters)Statusz", paths: ["/rules"])
        #expect(status.header("Content-Type") == "application/json")
        let object = try object(status)
        #expect(object["kind"] as? String == "Statusz" && object["apiVersion"] as? String == "config.k8s.io/v1beta1")
        #expect(object["startTime"] as? String == "2025-11-24T16:00:00Z" && object["uptimeSeconds"] as? Int == 7384)
        #expect(object["binaryVersion"] as? String == "1.2.3" && object["emulationVersion"] as? String == "1.36")
        #expect(object["paths"] as? [String] == ["/rules"] && object["goVersion"] as? String == "")
        #expect((object["metadata"] as? [String: String]) == ["name": "kube-proxy"])
        let flags = try self.object(await pages.flagz("application/json;v=v1alpha1;g=config.k8s.io;as=Flagz"))
        #expect(flags["flags"] as? [String: String] == ["v": "0", "bind-address": "0.0.0.0", "config": ""])
        let yaml = await pages.flagz("application/yaml;\(parameters)Flagz")
        #expect(yaml.header("Content-Type") == "application/yaml")
        #expect(text(yaml).contains("  bind-address: 0.0.0.0\n"))
    }
}

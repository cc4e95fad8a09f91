// SPDX-License-Identifier: Apache-2.0

import TestAPIServer
import TestSupport
import Testing

@testable import KubernetesAPI

@Suite("Lists that must not be believed")
struct ListFaultTests {
    private func page(_ rest: String, continuation: String = "") -> Fault {
        .garbage(
            Array(
                #"{"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"9","continue":"\#(continuation)"}\#(rest)}"#
                    .utf8))
    }

    private func service(_ number: Int) -> String {
        #"{"metadata":{"name":"s\#(number)"},"spec":{"clusterIP":"10.0.1.\#(number % 250)","ports":[{"port":80}]}}"#
    }

    @Test(
        "what is no list withdraws nothing",
        arguments: [
            (#","items":"x""#, "items must be a list, not the string \"x\""),
            (#","items":{}"#, "items must be a list, not a mapping"), (#","items":7"#, "items must be a list"),
            (#","items":false"#, "items must be a list"), ("", "items must be a list, not missing"),
            (#","items":[1]"#, "where a mapping should be"), (#","items":[{}]"#, "no name"),
            (#","items":[null]"#, "where a mapping should be"), (#","items":["#, "where a mapping should be"),
        ])
    func invalidItems(rest: String, words: String) async throws {
        try await Rig.run(before: { try $0.put(json: KubernetesAPITests.service("a")) }) { rig in
            try await rig.expect("a")
            try await rig.expectWatch()
            rig.server.inject(page(rest), into: .services, scope: .list, times: 3)
            rig.server.inject(.refuse(code: 410, retryAfter: nil), into: .services, scope: .watch)
            rig.server.disturbWatches(of: .services, .drop)
            try await eventually("listed again") { rig.recorder.lists == 2 }
            #expect(rig.warnings.contains { $0.contains(words) }, "\(rig.warnings)")
            #expect(rig.recorder.isNeverEmpty)
            #expect(rig.recorder.names == ["default/a"])
        }
    }

    @Test("a list that is empty all of a sudden is believed, and logged with what goes")
    func suddenlyEmpty() async throws {
        try await Rig.run(
            before: {
                try $0.put(json: KubernetesAPITests.service("a"))
                try $0.put(json: KubernetesAPITests.service("b"))
            }
        ) { rig in
            try await rig.expect("a", "b")
            try await rig.expectWatch()
            try rig.server.put(json: KubernetesAPITests.service("c"))
            try await rig.expect("a", "b", "c")
            let empty = #"{"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"5000"},"items":[]}"#
            // The first of them is asked for to see which version the server has.
            rig.server.inject(.garbage(Array(empty.utf8)), into: .services, scope: .list, times: 2)
            rig.server.inject(.refuse(code: 410, retryAfter: nil), into: .services, scope: .watch)
            rig.server.disturbWatches(of: .services, .drop)
            try await eventually("logged") {
                rig.warnings.contains { $0.contains("the list is empty now; 3 objects removed") }
            }
            #expect(rig.recorder.lists == 2)
        }
    }

    @Test("the first list may be empty without a word")
    func emptyFromTheStart() async throws {
        try await Rig.run { rig in
            try await eventually("listed") { rig.recorder.lists == 1 }
            #expect(rig.warnings.isEmpty)
        }
    }

    @Test("continue tokens that come back end the list, with a pause before the next")
    func repeatedTokens() async throws {
        try await Rig.run(
            timing: .unwilling,
            before: { server in
                try server.put(json: KubernetesAPITests.service("a"))
                server.inject(page(#","items":[\#(service(1))]"#, continuation: "A"), into: .services, scope: .list)
                server.inject(page(#","items":[\#(service(2))]"#, continuation: "B"), into: .services, scope: .page)
                server.inject(page(#","items":[\#(service(3))]"#, continuation: "A"), into: .services, scope: .page)
            }
        ) { rig in
            try await rig.expect("a")
            #expect(rig.warnings.count == 1)
            #expect(rig.warnings.first?.contains("a continue token came twice") == true, "\(rig.warnings)")
        }
    }

    @Test("pages without a new object end the list, whatever their tokens")
    func fruitlessPages() async throws {
        for items in ["", service(1)] {
            var timing = ReflectorTiming.unwilling
            timing.fruitlessPagePause = .milliseconds(1)
            try await Rig.run(
                timing: timing,
                before: { server in
                    try server.put(json: KubernetesAPITests.service("a"))
                    server.inject(page(#","items":[\#(items)]"#, continuation: "t0"), into: .services, scope: .list)
                    for number in 1...30 {
                        server.inject(
                            page(#","items":[\#(items)]"#, continuation: "t\(number)"), into: .services, scope: .page)
                    }
                }
            ) { rig in
                try await rig.expect("a")
                #expect(rig.warnings.first?.contains("20 in a row without a new object") == true, "\(rig.warnings)")
            }
        }
    }

    @Test("a few pages without objects are as good as others")
    func someEmptyPages() throws {
        var progress = ListProgress()
        var page = ResourceDecoder.Page()
        for number in 0..<19 {
            page.continuation = "\(number)"
            #expect(try progress.add(page))
        }
        page.continuation = ""
        #expect(try !progress.add(page))
    }
}

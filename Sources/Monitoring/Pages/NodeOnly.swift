// SPDX-License-Identifier: Apache-2.0

import HTTPServing
import Messages

/// What all pages have in common that reveal much or cost much: who gets them, and what a browser may do with them.
enum NodeOnly {
    /// The answer to clients on this node; others are refused, and so are scripts of websites that point a name of their own
    /// at this node.
    static func answer(_ query: HTTPServer.Query, _ page: () async -> HTTPAnswer) async -> HTTPAnswer {
        if let reason = refusal(query) {
            return .text("\(MessageText.escaped(query.path)) is available \(reason)\n", status: 403)
        }
        var answer = await page()
        for header in headers where answer.header(header.name) == nil { answer.headers.append(header) }
        return answer
    }

    private static func refusal(_ query: HTTPServer.Query) -> String? {
        if !query.isLocal { return "to clients on this node only" }
        if !query.isAddressedLocally {
            return
                "under an address or localhost only (http://127.0.0.1:10249), not under a name: websites can point their "
                + "names here"
        }
        return nil
    }

    /// A page that has one of these headers keeps its own.
    private static let headers: [(name: String, value: String)] = [
        // Nothing of an answer runs or loads, and no other page shows it in a frame.
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        // An image that loads, or fails to, would show other websites whether there is a Service of that name.
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Referrer-Policy", "no-referrer"),
        // What a cluster has is not left on the disk of the browser.
        ("Cache-Control", "no-store"),
    ]
}

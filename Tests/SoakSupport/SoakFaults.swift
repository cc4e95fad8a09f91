// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// What goes wrong with an API server, at random: requests to the control endpoints of the test server.
package enum SoakFaults: Sendable {
    /// What is over with the next request.
    case passing
    /// Every kind that the test server knows (`Fault`, `WatchAction`): also answers that never come or never end, which
    /// only the limits of the client end, after a minute.
    case all

    private static let resources = ["services", "endpointslices", "nodes"]

    private static let passingNames = [
        "gone", "gone-event", "error-event", "unavailable", "too-many", "unauthorized", "forbidden", "too-large",
        "html", "garbage", "truncated", "wrong-kind", "items-text", "drop", "close", "delay",
    ]
    private static let endlessNames = ["hang", "hang-after-head", "trickle", "endless", "refuse"]

    /// The paths below /control/ of the next fault, in their order.
    ///
    /// A fault only shows with the next request, so the running watch is ended too.
    func next(using generator: inout SeededGenerator) -> [String] {
        let resource = generator.pick(Self.resources)
        var requests: [String] = []
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: requests.append("compact")
        case 1: break
        default:
            requests.append("faults?resource=\(resource)&fault=\(name(using: &generator))\(extent(using: &generator))")
        }
        let isSilent = self == .all && generator.chance(5)
        let action = isSilent ? "silence" : generator.pick(["close", "drop", "garbage"])
        return requests + ["watches?resource=\(resource)&do=\(action)"]
    }

    /// Endless ones are rare: each costs a minute in which nothing else can be tried.
    private func name(using generator: inout SeededGenerator) -> String {
        switch self {
        case .passing: generator.pick(Self.passingNames)
        case .all: generator.pick(generator.chance(8) ? Self.endlessNames : Self.passingNames)
        }
    }

    private func extent(using generator: inout SeededGenerator) -> String {
        guard self == .all else { return "" }
        let scope = generator.pick(["any", "list", "watch"])
        return "&scope=\(scope)&times=\(generator.chance(20) ? 3 : 1)&code=\(generator.pick([400, 404, 500, 502]))"
    }
}

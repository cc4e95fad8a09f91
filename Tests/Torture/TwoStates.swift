// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Two states of a cluster that have the same Services with other endpoints and ports: what changes between them is changed
/// in place, and both make tables with the same number of entries, so that the kernel takes either for the other.
struct TwoStates {
    enum State: Int, CaseIterable {
        case first, second

        var other: State { self == .first ? .second : .first }
    }

    private static let nodeOptions = [
        "--hostname-override", "node-1", "--node-ip", "192.168.50.10,fd00:192:168:50::10",
    ]
    private static let serviceCount = 12

    let folder: TemporaryFolder
    private let texts: [String]

    init() throws {
        folder = try TemporaryFolder()
        texts = State.allCases.map(Self.text)
        try FileManager.default.createDirectory(atPath: "\(folder.path)/manifests", withIntermediateDirectories: false)
        try FileManager.default.createDirectory(atPath: "\(folder.path)/each", withIntermediateDirectories: false)
        for state in State.allCases { try folder.write("each/\(state.rawValue).json", texts[state.rawValue]) }
        try show(.first)
    }

    /// The manifests of one of the states.
    func path(_ state: State) -> String { "\(folder.path)/each/\(state.rawValue).json" }

    /// The folder that ``show(_:)`` changes.
    var manifests: String { "\(folder.path)/manifests" }

    /// Puts a state into ``manifests``, at once as `mv` does.
    func show(_ state: State) throws { try folder.write("manifests/objects.json", texts[state.rawValue]) }

    // MARK: Commands

    /// `apply` of a state in a namespace.
    func applyCommand(_ state: State, in namespace: NetworkNamespace) -> [String] {
        [Repository.tool, "apply", "-f", path(state), "--lock-file", namespace.lockPath] + Self.nodeOptions
    }

    /// `run` in a namespace, with the state that is shown.
    func runCommand(in namespace: NetworkNamespace, minimumPeriod: String, period: String) -> [String] {
        [Repository.tool, "run", "--manifests", manifests, "--lock-file", namespace.lockPath]
            + ["--owner-lock-file", "\(folder.path)/owner.lock"] + Self.nodeOptions
            + ["--iptables-min-sync-period", minimumPeriod, "--iptables-sync-period", period]
            + ["--healthz-bind-address", "", "--metrics-bind-address", ""]
    }

    /// Applies a state; it must succeed.
    func apply(_ state: State, in namespace: NetworkNamespace) throws {
        let command = applyCommand(state, in: namespace)
        let result = try namespace.attempt(command)
        guard result.status == 0 else {
            throw ProcessFailure(description: "apply ended with \(result.status): \(result.errors)")
        }
    }

    private static func text(_ state: State) -> String {
        let shift = state == .first ? 0 : 100
        let items = (1...serviceCount).flatMap { number in
            [
                """
                {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web-\(number)"},
                 "spec": {"type": "NodePort", "clusterIPs": ["10.96.0.\(number)", "fd00:10:96::\(number)"],
                  "clusterIP": "10.96.0.\(number)", "ipFamilies": ["IPv4", "IPv6"],
                  "sessionAffinity": "\(number % 4 == 0 ? "ClientIP" : "None")",
                  "ports": [{"port": 80, "nodePort": \(30000 + shift + number)}]}}
                """
            ]
                + [("IPv4", "10.244."), ("IPv6", "fd00:10:244::")].map { type, prefix in
                    let endpoints = (1...(1 + number % 3)).map { endpoint in
                        let address =
                            type == "IPv4"
                            ? "\(prefix)\(number).\(shift + endpoint)" : "\(prefix)\(number):\(shift + endpoint)"
                        return "{\"addresses\": [\"\(address)\"]}"
                    }
                    return """
                        {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "\(type)",
                         "metadata": {"name": "web-\(number)-\(type.lowercased())",
                          "labels": {"kubernetes.io/service-name": "web-\(number)"}},
                         "ports": [{"port": 8080}], "endpoints": [\(endpoints.joined(separator: ","))]}
                        """
                }
        }
        return #"{"apiVersion": "v1", "kind": "List", "items": [\#(items.joined(separator: ",\n"))]}"#
    }
}

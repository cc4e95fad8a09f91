// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Real connections, spread by the policies that a Service can choose.
@Suite("Connections that are balanced by a policy", .needsKernel, .serialized) struct BalanceTrafficTests {
    private static let pods = ["pod-1", "pod-2", "pod-3"]

    private func lab() throws -> Lab {
        let addresses = Self.pods.enumerated().map { "\($1)=10.244.1.\(11 + $0)" }
        let lab = try Lab(pods: addresses + ["client-pod=10.244.1.5"])
        for pod in Self.pods { try lab.serve(pod, port: 8080) }
        return lab
    }

    /// A dual-stack Service with the three pods, and so many more Services.
    private func objects(_ policy: String, others: Int = 0) -> String {
        var text = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, annotations: {kubetables.io/balance: \(policy)}}
            spec:
              type: NodePort
              clusterIPs: [10.96.0.80, "fd00:10:96::80"]
              ports: [{port: 80, nodePort: 30080, targetPort: 8080}]

            """
        for (family, prefix) in [("IPv4", "10.244.1."), ("IPv6", "fd00:10:244::1:")] {
            text += """
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: web-\(family.lowercased()), labels: {kubernetes.io/service-name: web}}
                addressType: \(family)
                ports: [{port: 8080}]
                endpoints: [\((11...13).map { "{addresses: [\"\(prefix)\($0)\"]}" }.joined(separator: ", "))]

                """
        }
        for number in 0..<others {
            text += """
                ---
                apiVersion: v1
                kind: Service
                metadata: {name: other-\(number)}
                spec: {clusterIP: 10.96.1.\(number + 1), externalIPs: [203.0.113.\(number + 1)], ports: [{port: 80}]}
                ---
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: {name: other-\(number), labels: {kubernetes.io/service-name: other-\(number)}}
                addressType: IPv4
                ports: [{port: 8080}]
                endpoints: [{addresses: [10.244.1.11]}]

                """
        }
        return text
    }

    private func apply(_ objects: String, _ layout: String, _ lab: Lab) throws {
        let command = [
            Repository.tool, "apply", "-f", "-", "--hostname-override", "node-1", "--node-ip",
            "192.168.50.10,fd00:192:168:50::10", "--cluster-cidr", "10.244.0.0/16,fd00:10:244::/48", "--rule-layout",
            layout,
        ]
        let result = try lab.attempt("node", command, input: objects)
        try #require(result.status == 0, "\(result.errors)")
    }

    @Test("by turns are exactly as many for each endpoint", arguments: ["kube-proxy", "flat"])
    func turns(layout: String) throws {
        let lab = try lab()
        try apply(objects("round-robin"), layout, lab)
        let expected = Dictionary(uniqueKeysWithValues: Self.pods.map { ($0, 100) })
        #expect(try lab.ask("client-pod", "10.96.0.80:80", count: 300) == expected)
        #expect(try lab.ask("client-pod", "[fd00:10:96::80]:80", count: 300) == expected)
        // Front ends of a Service have their turns in common.
        var answers = try lab.ask("client", "192.168.50.10:30080", count: 2)
        answers.merge(try lab.ask("client-pod", "10.96.0.80:80", count: 1), uniquingKeysWith: +)
        #expect(answers.count == 3)
    }

    @Test("by turns begin at the first endpoint with each commit of the table", arguments: ["kube-proxy", "flat"])
    func commit(layout: String) throws {
        let lab = try lab()
        func next() throws -> String? { try lab.ask("client-pod", "10.96.0.80:80", count: 1).keys.first }
        try apply(objects("round-robin"), layout, lab)
        #expect(try next() == "pod-1")
        // Nothing changes, so nothing is committed.
        try apply(objects("round-robin"), layout, lab)
        #expect(try next() == "pod-2")
        // Another Service comes: the kernel gets all rules of the table anew.
        try apply(objects("round-robin", others: 1), layout, lab)
        #expect(try next() == "pod-1")
        #expect(try next() == "pod-2")
    }

    @Test(
        "by source go where the client's other connections go, on each node, whatever else its rules have",
        arguments: [("192.168.50.", "24", "192.168.50.10"), ("fd00:192:168:50::", "64", "[fd00:192:168:50::10]")])
    func sourceHash(network: String, length: String, node: String) throws {
        let clients = (30..<42).map { "\(network)\($0)" }
        let choices = try [("kube-proxy", 0), ("flat", 2)].map { layout, others in
            let lab = try lab()
            try apply(objects("source-hash", others: others), layout, lab)
            let lines = clients.map { "address add \($0)/\(length) dev eth0\($0.contains(":") ? " nodad" : "")\n" }
            try lab.run("client", ["ip", "-batch", "-"], input: lines.joined())
            return try clients.map { client in
                let command = [
                    "curl", "-s", "--max-time", "5", "--interface", client, "http://\(node):30080/?[1-5]",
                ]
                let answers = try lab.run("client", command).split(separator: "\n").map(String.init)
                #expect(answers.count == 5 && Set(answers).count == 1, "\(client): \(answers)")
                return answers.first ?? ""
            }
        }
        #expect(choices[0] == choices[1])
        // Twelve clients at one of three endpoints by chance: once in 180,000 times; the hash makes it the same each time.
        #expect(Set(choices[0]).count > 1)
    }
}

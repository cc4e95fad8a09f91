// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// Options that make little sense on a node are named by every command, as kube-proxy logs them.
@Suite struct ConfigurationWarningTests {
    private static let objects = """
        apiVersion: v1
        kind: Service
        metadata: {name: ds}
        spec:
          type: LoadBalancer
          ipFamilies: [IPv4, IPv6]
          clusterIP: 10.96.0.53
          clusterIPs: [10.96.0.53, "fd00:96::53"]
          ports: [{port: 80, nodePort: 30080}]
        ---
        apiVersion: v1
        kind: Node
        metadata: {name: n1}
        spec: {podCIDRs: [10.244.1.0/24, "fd00:10:244:1::/64"], podCIDR: 10.244.1.0/24}
        status: {addresses: [{type: InternalIP, address: 192.0.2.10}, {type: InternalIP, address: "2001:db8:1::10"}]}

        """
    /// Options, and words of the warning.
    static let cases = [
        (
            ["--nodeport-addresses", "192.0.2.0/24"],
            "dual-stack but nodePortAddresses contains only IPv4 addresses; NodePort"
        ),
        (["--nodeport-addresses", "203.0.113.0/24,::/0"], "no IPv4 address of the node is in 203.0.113.0/24"),
        (["--cluster-cidr", "fd00:10:244::/48"], "IPv4-primary but clusterCIDR contains only IPv6 addresses"),
        (["--detect-local-mode", "ClusterCIDR"], "mode ClusterCIDR, but no cluster CIDR is defined"),
    ]

    @Test("compile warns, and with --strict it is an error", arguments: cases)
    func compile(options: [String], words: String) throws {
        let command = [Repository.tool, "compile", "-f", "-", "--hostname-override", "n1"] + options
        let result = try Subprocess.run(command, input: Self.objects)
        #expect(result.status == 0)
        #expect(result.errors.contains("warning: --") && result.errors.contains(words), "\(result.errors)")
        let strict = try Subprocess.run(command + ["--strict"], input: Self.objects)
        #expect(strict.status == 65 && strict.output.isEmpty)
        #expect(strict.errors.contains("error: --") && strict.errors.contains(words), "\(strict.errors)")
    }

    @Test("apply and run warn as well, run once", .needsKernel)
    func kernel() throws {
        let node = try StatusNode()
        let (options, words) = Self.cases[2]
        try node.write(Self.objects)
        let program = try node.start(options)
        defer {
            program.signal(SIGTERM)
            _ = try? program.wait()
        }
        usleep(1_200_000)
        #expect(program.errors.components(separatedBy: words).count == 2, "\(program.errors)")
        #expect(try node.get("127.0.0.1:10249/problems")?.body.contains(words) == true)
        let applied = try node.namespace.attempt(
            [Repository.tool, "apply", "-f", "-", "--hostname-override", "n1"] + options, input: Self.objects)
        #expect(applied.status == 0 && applied.errors.contains(words), "\(applied.errors)")
    }
}
